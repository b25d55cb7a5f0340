"""What the mirror has done so far, for the metrics."""

from msgspec import Struct


class MirrorFigures(Struct):
    """Counts since the start; ``pending`` alone is a level.

    ``recreated`` counts carts of the platform that had to be made again, ``close_failed`` those
    that could not be let go of there, ``refused`` requests that found a user's queue full.
    """

    synced: int = 0
    failed: int = 0
    recreated: int = 0
    closed: int = 0
    close_failed: int = 0
    refused: int = 0
    pending: int = 0
