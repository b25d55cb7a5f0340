"""What can be wrong with API keys, for those who keep them. None of it is shown over HTTP."""

from pathlib import Path

from surestock.kit.errors import SurestockError


class KeysFileUnusable(SurestockError):
    """The file of the keys cannot be read or not be trusted. The message is one clear sentence."""


class KeysFileMissing(KeysFileUnusable):
    """There is no such file."""


class KeyRefused(SurestockError):
    """A key cannot be made as it was asked for. Nothing was changed."""


class NoSuchKey(SurestockError):
    """There is no key with this id."""


class KeysFileBusy(SurestockError):
    """Another process has been changing the file for too long. Nothing was changed."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"Another process is changing {path}. Let it end first.")
