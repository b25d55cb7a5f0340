"""What clients are told of a fold that fails names no file and no folder."""

import errno
from pathlib import Path

import pytest

from surestock.journal.errors import JournalDamaged, UnknownFormat
from surestock.kit.errors import SurestockError
from surestock.sync.errors import CannotFold, CentralDamaged, without_places

SECRET = Path("/srv/secret/event-log/00000000000000000001.ndjson")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.ENOSPC, "No space left on device", str(SECRET)), "No space left on device"),
        (OSError("odd"), "the disk cannot be used"),
        (
            JournalDamaged(SECRET, 3, 99, "its checksum does not match"),
            "the event log is damaged: its checksum does not match",
        ),
        (UnknownFormat(SECRET, "other/9"), "a file cannot be read as it was written"),
        (CentralDamaged(f"{SECRET} is odd", "all"), "a file cannot be read as it was written"),
        (CannotFold(7, "it has no sequence"), str(CannotFold(7, "it has no sequence"))),
    ],
)
def test_the_reason_is_told_without_the_place(error: SurestockError | OSError, told: str) -> None:
    assert without_places(error) == told
    assert "secret" not in without_places(error)
    assert ".ndjson" not in without_places(error)
