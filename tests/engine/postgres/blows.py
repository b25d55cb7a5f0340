"""What happens to a database, and to the network before it, while it is used."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from random import Random
from typing import Any

from tests.real.link import Link, Strike
from tests.real.postgres import Cluster
from tests.real.proxy import Proxy

_END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'"


class Blows:
    """Strikes at the server, and at the proxies. ``dealt`` counts the blows by name."""

    def __init__(self, draw: Random, cluster: Cluster, shop: str, proxies: list[Proxy]) -> None:
        self._draw = draw
        self._cluster = cluster
        self._shop = shop
        self._proxies = proxies
        self.dealt: Counter[str] = Counter()

    def arm(self, chance: float) -> None:
        """Let commits be struck at."""
        strikes = Random(self._draw.random())  # it is drawn from on the proxies' threads

        def strike(link: Link) -> Strike:
            if strikes.random() >= chance:
                return Strike.PASSES
            kind = strikes.choice(("before", "after", "after", "unheard", "unanswered", "frozen"))
            self.dealt[f"commit {kind}"] += 1
            match kind:
                case "before":
                    return Strike.CUT_BEFORE
                case "after":
                    return Strike.CUT_AFTER
                case "unheard":
                    link.black_hole(to_client=False)
                case "unanswered":
                    link.black_hole(to_server=False)
                case _:
                    with suppress(AssertionError):  # somebody else has ended it
                        assert link.backend is not None
                        self._cluster.freeze(link.backend)
            return Strike.PASSES

        for proxy in self._proxies:
            proxy.at_commit = strike

    async def deal(self) -> None:
        """Strike once, at random, and mend it after a while."""
        draw = self._draw
        proxy = draw.choice(self._proxies)
        blows: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            "cut": lambda: asyncio.to_thread(proxy.cut),
            "cut randomly": lambda: self._for_a_while(
                lambda: proxy.cut_randomly(0.05, Random(draw.random())), proxy
            ),
            "black hole": lambda: self._for_a_while(proxy.black_hole, proxy),
            "delay": lambda: self._for_a_while(lambda: proxy.delay(0.02), proxy),
            "sessions ended": lambda: asyncio.to_thread(self._end_sessions),
            "frozen": lambda: asyncio.to_thread(self._freeze_any),
        }
        name = draw.choice(list(blows))
        self.dealt[name] += 1
        await blows[name]()
        if draw.random() < 0.4:
            await asyncio.to_thread(self.mend)

    def mend(self) -> None:
        """End everything that hinders."""
        self._cluster.thaw()
        for proxy in self._proxies:
            proxy.heal()

    def disarm(self) -> None:
        """Strike at no commit any more."""
        for proxy in self._proxies:
            proxy.at_commit = None

    async def _for_a_while(self, begin: Callable[[], None], proxy: Proxy) -> None:
        begin()
        await asyncio.sleep(self._draw.choice((0.1, 0.4, 1.5)))
        proxy.heal()

    def _end_sessions(self) -> None:
        self._cluster.execute(_END_SESSIONS.format(self._shop))

    def _freeze_any(self) -> None:
        with suppress(AssertionError, IndexError):
            self._cluster.freeze(self._draw.choice(self._cluster.backends(self._shop)))
