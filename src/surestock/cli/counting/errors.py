"""Why an import does not begin, or does not go on."""

from surestock.kit.errors import SurestockError


class FileUnusable(SurestockError):
    """The file as a whole cannot be imported. Nothing of it was."""


class RowFault(SurestockError):
    """One row is wrong, in a way that its sender can put right."""


class TargetUnusable(SurestockError):
    """There is nothing to import into, as it was asked for."""


class ImportStopped(SurestockError):
    """What was recorded stays; the rest of the file was not looked at."""
