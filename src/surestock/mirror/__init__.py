"""The commerce platform's cart as a mirror of ours: disposable, made again unnoticed.

What a client does to a cart is decided by the engine alone, in one step. Here the platform's cart
is brought up to it afterwards, in absolute steps that may be repeated, one after the other for a
user.
"""

from surestock.mirror.config import MirrorConfig
from surestock.mirror.errors import QueueFull, SyncFailed
from surestock.mirror.figures import MirrorFigures
from surestock.mirror.mirrors import Mirrors
from surestock.mirror.queue import UserQueue

__all__ = ["MirrorConfig", "MirrorFigures", "Mirrors", "QueueFull", "SyncFailed", "UserQueue"]
