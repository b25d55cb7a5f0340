"""The rules of each command, one file a family, over a draft of the record to be."""

from surestock.inventory.deciding.draft import Draft

__all__ = ["Draft"]
