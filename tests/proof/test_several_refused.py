"""Who does not know of the others gets no place beside them: exit 2, and the holder's name."""

import asyncio

import pytest

from tests.proof.crowd import path_of
from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.http_client import Connection
from tests.proof.server import RefusedToStart, Server

_LOCKS = {True: {"LOCKS_ENABLED": "true"}, False: {"LOCKS_ENABLED": "false"}}


async def _change(server: Server, units: int) -> int:
    async with Connection(server.port) as connection:
        body = b'{"onHand":%d}' % units
        return (await connection.request("PUT", path_of("hot"), body)).status


@pytest.mark.parametrize(("first", "second"), [(False, False), (True, False), (False, True)])
def test_a_process_that_does_not_share_is_alone(
    make_server: Fleet, figures: Figures, *, first: bool, second: bool
) -> None:
    holder = make_server(role="api", settings=_LOCKS[first])
    holder.start()
    assert asyncio.run(_change(holder, 5)) == 201
    late = make_server(role="api", settings=_LOCKS[second])
    with pytest.raises(RefusedToStart, match=r"\Aexit 2: surestock: ") as refusal:
        late.start()
    assert f"process {holder.running.pid} on " in str(refusal.value)
    assert "Traceback" not in str(refusal.value)
    assert asyncio.run(_change(holder, 6)) == 200, "the holder goes on"
    assert holder.stop() == 0
    late.start()
    assert asyncio.run(_change(late, 7)) == 200, "once it is gone there is room"
    figures.add(
        "a process that does not share is alone",
        f"LOCKS_ENABLED={first} and then {second}, on one data directory".lower(),
        "the second: exit 2, names the holder; the first goes on",
    )


def test_the_proof_catches_a_process_that_does_not_ask(
    make_server: Fleet, figures: Figures
) -> None:
    holder = make_server(role="api", settings=_LOCKS[False])
    holder.start()
    make_server(role="api", settings=_LOCKS[False], tooth="unheld-worker").start()
    figures.add("tooth: a hold that holds nothing", "the same", "the second one serves")
