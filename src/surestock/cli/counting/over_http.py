"""Record counts through a running server: ``POST /inventory/batch``, again until it is answered.

A row that was sent twice counts once: its idempotency key sees to that. So every failure of the
line or of a busy server is met by sending again.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from msgspec import DecodeError, Struct, ValidationError, json

from surestock.cli.counting.errors import ImportStopped, TargetUnusable
from surestock.cli.counting.key import BATCH_PATH, key_prefix
from surestock.cli.counting.recorder import Numbered
from surestock.inventory.commands import CountStock
from surestock.resilience.backoff import waits

_TIMEOUT_S = 60.0
_TRIES = 8
_BASE_S = 0.25
_LONGEST_WAIT_S = 30.0
_REFUSED_FROM = 400
_BUSY = frozenset({429, 502, 503, 504})
# These may have another status: LOCK_REJECT_STATUS sets that of a lease.
_PASSING = frozenset({"IdempotencyInFlight", "LockHeld"})


class RowAnswer(Struct):
    """What the server says about one row."""

    status: int
    message: str = ""
    error: str = ""

    @property
    def passing(self) -> bool:
        """Whether the same row may succeed a little later."""
        return self.status in _BUSY or self.error in _PASSING


class _Results(Struct):
    results: list[RowAnswer]


class _Problem(Struct):
    message: str


class HttpRecorder:
    """Records the counts of the file with ``digest`` on the server at ``url``, as ``key``'s client.

    Raises :class:`TargetUnusable` for a URL that is none.
    """

    def __init__(
        self,
        url: str,
        digest: str,
        sleep: Callable[[float], None] = time.sleep,
        key: str | None = None,
    ) -> None:
        self._url = url
        self._prefix = key_prefix(digest)
        self._sleep = sleep
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if key is not None:
            self._headers["Authorization"] = f"Bearer {key}"
        self._reached = False
        self._path, self._connection = _connection(url)

    def recorded_lines(self) -> set[int]:
        """Return nothing: the server finds a repeated row by its key."""
        return set()

    def record(self, rows: Sequence[Numbered]) -> list[str | None]:
        """Record counts; see :class:`~surestock.cli.counting.recorder.Recorder`."""
        answers: dict[int, RowAnswer] = {}
        left = list(rows)
        pauses = waits(_TRIES, _BASE_S)
        while left:
            for (line, _), answer in zip(left, self._post(left), strict=True):
                answers[line] = answer
            left = [row for row in left if answers[row[0]].passing]
            if left:
                self._pause(pauses, 0.0, answers[left[0][0]].message)
        return [
            it.message or f"status {it.status}" if it.status >= _REFUSED_FROM else None
            for it in (answers[line] for line, _ in rows)
        ]

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _post(self, rows: Sequence[Numbered]) -> list[RowAnswer]:
        """Send rows until they are answered, however that is."""
        body = json.encode({"operations": [self._operation(*row) for row in rows]})
        pauses = waits(_TRIES, _BASE_S)
        while True:
            asked_to_wait_s = 0.0
            try:
                status, asked_to_wait_s, content = self._exchange(body)
            except (OSError, HTTPException) as error:
                self._connection.close()
                why = f"{type(error).__name__}: {error}"
                if not self._reached:
                    raise TargetUnusable(f"No server answers at {self._url} ({why}).") from error
            else:
                if status == HTTPStatus.OK:
                    self._reached = True
                    return self._results(content, len(rows))
                why = _message(status, content)
                if status not in _BUSY:
                    stop = ImportStopped if self._reached else TargetUnusable
                    raise stop(f"{self._url} refuses the rows: {why}")
            self._pause(pauses, asked_to_wait_s, why)

    def _exchange(self, body: bytes) -> tuple[int, float, bytes]:
        """Send one request; return status, the seconds of Retry-After, and the answer's body."""
        self._connection.request("POST", self._path, body, self._headers)
        answer = self._connection.getresponse()
        wait = answer.headers.get("Retry-After", "")
        return answer.status, float(wait) if wait.isdecimal() else 0.0, answer.read()

    def _operation(self, line: int, count: CountStock) -> dict[str, str | int]:
        operation: dict[str, str | int] = {
            "op": "count",
            "storeId": count.store_id,
            "sku": count.sku,
            "onHand": count.on_hand,
            "idempotencyKey": f"{self._prefix}{line}",
        }
        if count.reason is not None:
            operation["reason"] = count.reason
        return operation

    def _results(self, content: bytes, rows: int) -> list[RowAnswer]:
        try:
            results = json.decode(content, type=_Results).results
        except (DecodeError, ValidationError) as error:
            raise ImportStopped(f"{self._url} does not answer like Surestock.") from error
        if len(results) != rows:
            raise ImportStopped(f"{self._url} answered {len(results)} of {rows} rows.")
        return results

    def _pause(self, pauses: Iterator[float], at_least_s: float, why: str) -> None:
        pause = next(pauses, None)
        if pause is None:
            raise ImportStopped(f"{self._url} took no more rows ({why})")
        self._sleep(min(max(pause, at_least_s), _LONGEST_WAIT_S))


def _connection(url: str) -> tuple[str, HTTPConnection]:
    """Return the path of the batch endpoint below ``url``, and a connection that is not open."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise TargetUnusable(f"{url} is no URL: {error}.") from error
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment:
        raise TargetUnusable(f"{url} is not the address of a server, as http://127.0.0.1:3000 is.")
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return parts.path.rstrip("/") + BATCH_PATH, kind(host, port, timeout=_TIMEOUT_S)


def _message(status: int, content: bytes) -> str:
    try:
        return json.decode(content, type=_Problem).message
    except (DecodeError, ValidationError):
        return f"HTTP status {status}"
