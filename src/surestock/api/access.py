"""What each route asks of a client's key: declared beside the route, told in OpenAPI, checked here.

Without a key file everybody who can connect may do everything; the process then listens on
loopback alone.
"""

from collections.abc import Iterable
from typing import Any

from surestock.access.scope import Scope
from surestock.api.call import Call
from surestock.api.errors import Forbidden, Unauthorized
from surestock.api.keys import Keys
from surestock.cart.commands import CartCommand
from surestock.inventory import commands as stock
from surestock.inventory.commands import MakeReservation, ReservationCommand
from surestock.inventory.model import Reservation
from surestock.inventory.refusals import NotFound
from surestock.ledger.command import Command
from surestock.resilience.bulkhead import Worth

SCHEME = "apiKey"
_NEEDS = "x-surestock"
_AUTHORIZATION = b"authorization"
_ABOUT_ALL = "The key is limited to some stores, and this is about all of them."


def needs(
    scope: Scope,
    shed_as: Worth | None = None,
    *,
    asks_central: bool = False,
    asks_platform: bool = False,
    whole_chain: bool = False,
) -> dict[str, Any]:
    """Return the ``openapi_extra`` of a route that asks for this.

    ``shed_as`` is what a change is worth that goes through admission; ``asks_central`` tells that
    it goes through the bulkhead of the worker. ``asks_platform``: it may wait for the commerce
    platform, so that it leaves admission before it does. ``whole_chain``: it is not about one
    store, so that a key which is limited to some cannot use it.
    """
    more: dict[str, Any] = {}
    if shed_as is not None:
        more["shedAs"] = shed_as.name.lower()
    if asks_central:
        more["asksCentral"] = True
    if asks_platform:
        more["asksPlatform"] = True
    if whole_chain:
        more["wholeChain"] = True
    declared: dict[str, Any] = {"security": [{SCHEME: [scope.value]}]}
    return declared | {_NEEDS: more} if more else declared


class Gate:
    """The check of one route, made from what it declares."""

    def __init__(self, declared: dict[str, Any] | None) -> None:
        declared = declared or {}
        security = declared.get("security")
        self.scope: str | None = security[0][SCHEME][0] if security else None
        more = declared.get(_NEEDS, {})
        name = more.get("shedAs")
        self.worth = None if name is None else Worth[name.upper()]
        self.asks_central = bool(more.get("asksCentral"))
        self.asks_platform = bool(more.get("asksPlatform"))
        self._whole_chain = bool(more.get("wholeChain"))

    def check(self, call: Call, keys: Keys, store_id: str | None) -> None:
        """Let the owner of a valid key with the right scope, and store, through.

        Raises :class:`Unauthorized` or :class:`Forbidden`.
        """
        if self.scope is None:
            return
        caller = None if _is_repeated(call) else keys.caller_of(call.headers.get(_AUTHORIZATION))
        if caller is None:
            raise Unauthorized
        call.known_as(caller)
        if self.scope not in caller.scopes:
            raise Forbidden(f"The key lacks the scope {self.scope}.", self.scope)
        if caller.stores is None:
            return
        if self._whole_chain:
            raise Forbidden(_ABOUT_ALL)
        if store_id is not None:
            check_stores(call, (store_id,))


def _is_repeated(call: Call) -> bool:
    """Tell whether there are two keys: whoever stands before this may have looked at the other."""
    given = call.scope["headers"]
    if len(given) == len(call.headers):
        return False
    return [name for name, _ in given].count(_AUTHORIZATION) > 1


def check_still_valid(call: Call) -> None:
    """Raise :class:`Unauthorized` when the key of a request that goes on was revoked since."""
    keys = call.service.keys
    if keys is not None and call.caller is not None and not keys.is_valid(call.caller):
        raise Unauthorized


def may_read_carts(call: Call) -> bool:
    """Tell whether the client may know what users have in their carts, or had reserved."""
    return call.caller is None or Scope.CART_READ in call.caller.scopes


def check_stores(call: Call, stores: Iterable[str]) -> None:
    """Raise :class:`Forbidden` when the key is limited to stores, and one of these is another."""
    caller = call.caller
    if caller is None or caller.stores is None:
        return
    for store_id in stores:
        if store_id not in caller.stores:
            raise Forbidden(f"The key may not be used for store {store_id}.")


def stores_of(command: stock.Command) -> list[str]:
    """Return the stores that a command names; none for one about an existing reservation."""
    if isinstance(command, MakeReservation):
        return [wanted.line.store_id for wanted in command.lines]
    return [] if isinstance(command, ReservationCommand) else [command.store_id]


def check_lines(call: Call, held: Reservation) -> None:
    """Raise :class:`Forbidden` when a line is of a store that the key is not for."""
    check_stores(call, (line.store_id for line in held.lines))


async def check_command(call: Call, command: Command) -> None:
    """Raise :class:`Forbidden` when the command is about a store that the key is not for.

    What a reservation holds never changes, so it may be looked at before it is decided about. A
    cart may hold items of any store.
    """
    if call.caller is None or call.caller.stores is None:
        return
    if isinstance(command, CartCommand):
        raise Forbidden(_ABOUT_ALL)
    if isinstance(command, ReservationCommand):
        held = await call.service.engine.find_reservation(command.reservation_id)
        if held is None:
            # It may be decided and not durable yet. Nobody was told its id, so nobody means it.
            raise NotFound(f"reservation {command.reservation_id}")
        check_lines(call, held)
    else:
        check_stores(call, stores_of(command))
