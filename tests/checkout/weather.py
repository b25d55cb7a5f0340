"""How processes fare in a storm: how likely they stand still, die or lose turns, and how often."""

from msgspec import Struct

PLACES = "after transact BeginPlacing"
"""Where it is announced that an order is about to be placed, and has not been."""


class Weather(Struct):
    """What became of the processes, and how likely it is at a gate."""

    stops: float = 0.004
    stops_before_placing: float = 0.15
    dies: float = 0.002
    dies_before_placing: float = 0.05
    loses: float = 0.0
    loses_before_placing: float = 0.0
    loses_while_standing: float = 0.0
    stopped: int = 0
    died: int = 0
    lost: int = 0
    turns_lost: int = 0


CHANGEABLE = Weather()
LOSSY = Weather(loses=0.004, loses_before_placing=0.1, loses_while_standing=0.7)
"""Weather in which sessions are ended, those of processes that stand still above all."""
STANDING = Weather(stops_before_placing=0.8)
"""Weather in which most orders are announced a while before they are placed."""
