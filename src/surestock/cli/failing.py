"""How a command fails: one sentence on stderr, and an exit code that scripts can tell apart."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

import typer

from surestock.journal.errors import JournalError
from surestock.kit.errors import SurestockError
from surestock.sync.errors import CannotFold, CentralDamaged

FOUND_WRONG: Final = 1
"""The data is not what it should be, or a part of the work could not be done."""

IMPOSSIBLE: Final = 2
"""Nothing was done: a setting, an argument or the surroundings must be put right first."""


def fail(sentence: str, code: int) -> NoReturn:
    """Say ``sentence`` on stderr and end the command with exit code ``code``."""
    tell(sentence)
    raise typer.Exit(code)


def tell(sentence: str) -> None:
    """Say something on stderr that is no result."""
    sys.stderr.write(f"surestock: {sentence}\n")


@contextmanager
def plainly() -> Iterator[None]:
    """Turn every error that is to be expected into its sentence and its exit code."""
    try:
        yield
    except (JournalError, CannotFold, CentralDamaged) as error:
        fail(str(error), FOUND_WRONG)
    except SurestockError as error:
        fail(str(error), IMPOSSIBLE)
    except BrokenPipeError:
        raise  # Whoever read our output has seen enough; the framework ends quietly.
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        fail(f"{where}{error.strerror or error}.", IMPOSSIBLE)


def printable(text: str) -> str:
    """Return ``text`` with control characters spelled out: data must not steer a terminal."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
