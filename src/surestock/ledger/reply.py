"""The answer to any command, made before its record is written, so that it is in it."""

from surestock.cart.reply import CART_REPLIES
from surestock.inventory.reply import Reply
from surestock.inventory.reply import reply_to as stock_reply_to
from surestock.inventory.view import Changes
from surestock.ledger.command import Command


def reply_to(command: Command, changes: Changes, record_id: str, sequence: int) -> Reply:
    """Make the answer to ``command`` from what its record changed."""
    shown = CART_REPLIES.get(type(command))
    if shown is None:
        return stock_reply_to(command, changes, record_id, sequence)  # type: ignore[arg-type]
    made: Reply = shown(command, changes, sequence)
    return made
