"""The names of the peers, as the command line knows them."""

from enum import StrEnum


class Peer(StrEnum):
    """One of the services that Surestock is compared with."""

    NOTHING = "nothing"
    POSTGRES = "postgres"
    SQLITE = "sqlite"
