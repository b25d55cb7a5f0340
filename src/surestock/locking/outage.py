"""Whether the lease directory can be used, and who is told when that changes."""

from collections.abc import Callable
from typing import TypeAlias

from surestock.resilience.breaker import BreakerConfig, BreakerState, CircuitBreaker
from surestock.telemetry.log import Log

_WARNING = (
    "The lock directory cannot be used, so changes are made without leases. They are as safe as "
    "before; but processes that work on the same thing wait for each other in place of refusing."
)


Told: TypeAlias = Callable[[BreakerState, int], None]


class Outage:
    """A breaker around the lease directory. Used on the event loop.

    While it ``is_on``, nobody touches the directory but the probe that :meth:`try_probe` allows.
    ``told`` is told of each change of the breaker's state, and how often it opened so far.
    """

    def __init__(
        self,
        config: BreakerConfig,
        monotonic: Callable[[], float],
        log: Log,
        told: Told = lambda _state, _openings: None,
    ) -> None:
        self._breaker = CircuitBreaker(config, monotonic, self._changed)
        self._log = log
        self._told = told
        self._error: OSError | None = None
        self._is_told = False

    @property
    def state(self) -> BreakerState:
        """The breaker's state."""
        return self._breaker.state

    @property
    def is_on(self) -> bool:
        """Whether the directory is left alone."""
        return self._breaker.state is not BreakerState.CLOSED

    def warnings(self) -> list[str]:
        """Return what a person should know, in words: nothing while all is well."""
        return [_WARNING] if self.is_on else []

    def worked(self) -> None:
        """Take note that the directory was used."""
        if not self.is_on:  # else it was asked before, and only a probe ends an outage
            self._breaker.succeeded()

    def failed(self, error: OSError) -> None:
        """Take note that the directory could not be used."""
        self._error = error
        self._breaker.failed()

    def try_probe(self) -> bool:
        """Return whether the caller may try the directory; :meth:`probed` has to follow."""
        return self._breaker.try_probe()

    def probed(self, error: BaseException | None) -> None:
        """Take note of how a probe ended."""
        if error is None:
            self._breaker.succeeded()
        else:
            self._breaker.failed()

    def _changed(self, state: BreakerState) -> None:
        self._told(state, self._breaker.openings)
        if state is BreakerState.OPEN and not self._is_told:
            self._is_told = True
            self._log.warning("the lock directory cannot be used", why=str(self._error))
        elif state is BreakerState.CLOSED:
            self._is_told = False
            self._log.info("the lock directory can be used again")
