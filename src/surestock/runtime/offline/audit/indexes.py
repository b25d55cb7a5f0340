"""Indexes against the log: each run holds what its records are to be found by, and no more.

Of each record the entries are worked out that an index must hold, and summed up, as 64-bit hashes
of their bytes: keys and reservations apart. At the end every run is read from its first page to its
last. Its entries must be sorted and distinct, its fences and its filter must lead to each of them,
and their sum must be that of the records it covers. So what is looked up is found, whatever it is,
without looking anything up, and memory holds a few numbers a run.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from zlib import crc32

from msgspec import Raw, Struct, json

from surestock.engine.log import LogConfig
from surestock.engine.log.indexing import KEYS, RESERVATIONS, reservation_digest
from surestock.engine.log.memory import FIRST_COMMIT_LINE
from surestock.journal.line import Commit
from surestock.journal.scan import Place
from surestock.ledger.record import Record
from surestock.runtime.offline.audit.finding import Finding
from surestock.sidecar.entry import DIGEST_BYTES, Entry, pack_entry, unpack_entry
from surestock.sidecar.errors import RunDamaged
from surestock.sidecar.file import RunFile
from surestock.sidecar.filter import any_may_hold, probe_of
from surestock.sidecar.head import PAGE_ENTRIES
from surestock.sidecar.listing import list_runs

_BEHIND_RECORDS = len(b"}\n")
_split = json.Decoder(list[Raw]).decode


class _Open(Struct, frozen=True):
    """A run that is looked into, and of which kind it is. It can be read though it is unlinked."""

    file: RunFile
    suffix: str


class IndexCheck:
    """Checks the runs that there are when it is made. ``sound`` counts them, ``entries`` theirs."""

    def __init__(self, config: LogConfig, files: ExitStack) -> None:
        self.findings: list[Finding] = []
        self.sound = 0
        self.entries = 0
        self._begins_after = 0
        self._runs: list[_Open] = []
        for suffix in (KEYS, RESERVATIONS):
            for listed in list_runs(config.index, suffix):
                self._open(listed.path, suffix, files)
        heads = [run.file.head for run in self._runs]
        self._bounds = {it.first - 1 for it in heads} | {it.last for it in heads}
        self._sums = {KEYS: 0, RESERVATIONS: 0}
        self._sums_at = {0: dict(self._sums)}
        self._batch: str | None = None

    @property
    def size_bytes(self) -> int:
        """How many bytes the runs are."""
        return sum(run.file.head.size for run in self._runs)

    def _open(self, path: Path, suffix: str, files: ExitStack) -> None:
        try:
            self._runs.append(_Open(files.enter_context(RunFile(path)), suffix))
        except RunDamaged as error:
            self.findings.append(Finding(path, error.why))
        except FileNotFoundError:
            return  # merged or dropped meanwhile

    def begin_at(self, sequence: int) -> None:
        """Begin after record ``sequence``: the records up to it were deleted."""
        self._begins_after = sequence
        self._sums_at[sequence] = dict(self._sums)

    def line(self, place: Place, commit: Commit, records: list[Record]) -> None:
        """Take account of a line and the records in it."""
        if place.line == FIRST_COMMIT_LINE:
            self._batch = None
        encoded = bytes(commit.records)
        start = place.offset + place.length - _BEHIND_RECORDS - len(encoded) + len(b"[")
        for record, raw in zip(records, _split(encoded), strict=True):
            content = bytes(raw)
            self._add(record, (record.sequence, start, len(content), crc32(content)))
            start += len(content) + len(b",")
        if commit.last in self._bounds:
            self._sums_at[commit.last] = dict(self._sums)

    def _add(self, record: Record, place: tuple[int, int, int, int]) -> None:
        key = record.idempotency
        if key is not None:
            digests = [key.digest]
            if key.batch is not None and key.batch != self._batch:
                self._batch = key.batch
                digests.append(key.batch)
            for digest in digests:
                self._sums[KEYS] += hash(pack_entry(Entry(bytes.fromhex(digest), *place)))
        named = {getattr(event, "reservation_id", "") for event in record.events}
        for reservation_id in named - {""}:
            entry = Entry(reservation_digest(reservation_id), *place)
            self._sums[RESERVATIONS] += hash(pack_entry(entry))

    def compare(self, progress: Callable[[int], None]) -> None:
        """Read every run; ``progress`` gets the bytes done, now and then."""
        done = 0
        for run in self._runs:
            path = run.file.path
            try:
                wrong = self._fault_in(run)
            except RunDamaged as error:
                wrong = error.why
            if wrong is None:
                self.sound += 1
                self.entries += run.file.head.count
            else:
                self.findings.append(Finding(path, wrong))
            done += run.file.head.size
            progress(done)

    def _fault_in(self, run: _Open) -> str | None:
        head = run.file.head
        if head.last <= self._begins_after:
            return next((wrong for _, wrong in _entries(run.file) if wrong), None)
        before = self._sums_at.get(max(head.first - 1, self._begins_after))
        through = self._sums_at.get(head.last)
        if before is None or through is None:
            return f"no lines of the log hold just the records {head.first} to {head.last}"
        total = 0
        for packed, wrong in _entries(run.file):
            if wrong is not None:
                return wrong
            if unpack_entry(packed).sequence > self._begins_after:
                total += hash(packed)
        if total != through[run.suffix] - before[run.suffix]:
            return f"it does not hold just what records {head.first} to {head.last} are found by"
        return None


def _entries(file: RunFile) -> Iterator[tuple[bytes, str | None]]:
    """Yield each entry, and why a lookup would miss it, or None. Raises ``RunDamaged``."""
    fences, bits = file.tail()
    probe = probe_of(bits)
    last = b""
    number = 0
    for several in file.entries():
        for packed in several:
            digest = packed[:DIGEST_BYTES]
            wrong = None
            if packed <= last:
                wrong = f"its entry {number + 1} is out of order"
            elif not any_may_hold((probe,), digest):
                wrong = f"its filter denies entry {number + 1}"
            elif number % PAGE_ENTRIES == 0:
                fence = number // PAGE_ENTRIES * DIGEST_BYTES
                if fences[fence : fence + DIGEST_BYTES] != digest:
                    wrong = f"the fence before entry {number + 1} is not its digest"
            yield packed, wrong
            last = packed
            number += 1
    if number != file.head.count:
        yield b"", f"it holds {number} entries and counts {file.head.count}"
