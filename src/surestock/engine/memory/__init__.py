"""The engine for tests, and the model that the other engines are compared with."""

from surestock.engine.memory.engine import MemoryEngine

__all__ = ["MemoryEngine"]
