"""An error of the driver is named after what is to be done about it."""

import asyncio

import asyncpg
import pytest

from surestock.database import (
    DatabaseDown,
    DatabaseError,
    DatabaseUnfit,
    SchemaBehind,
    TryAgain,
    named_fault,
)


def of_state(state: str) -> asyncpg.PostgresError:
    """Return the driver's error for a SQLSTATE, as a server raises it."""
    error = asyncpg.PostgresError.new({"C": state, "M": "so it is", "S": "ERROR"})
    assert isinstance(error, asyncpg.PostgresError)
    assert error.sqlstate == state
    return error


@pytest.mark.parametrize(
    ("state", "meaning"),
    [
        ("08000", DatabaseDown),  # connection exception
        ("08006", DatabaseDown),  # connection failure
        ("40003", DatabaseDown),  # statement completion unknown
        ("25006", DatabaseDown),  # read only: it became a standby
        ("25P03", DatabaseDown),  # idle in transaction for too long
        ("53100", DatabaseDown),  # the disk is full
        ("53300", DatabaseDown),  # too many connections
        ("57P01", DatabaseDown),  # an administrator's shutdown
        ("57P02", DatabaseDown),  # a crash of another backend
        ("57P03", DatabaseDown),  # it is starting up
        ("58030", DatabaseDown),  # an I/O error
        ("XX000", DatabaseDown),  # an internal error
        ("40001", TryAgain),  # serialization failure
        ("40P01", TryAgain),  # deadlock
        ("55P03", TryAgain),  # a lock was not free
        ("57014", TryAgain),  # cancelled
        ("23505", TryAgain),  # somebody wrote it already
        ("28P01", DatabaseUnfit),  # wrong password
        ("28000", DatabaseUnfit),  # no entry in pg_hba.conf
        ("3D000", DatabaseUnfit),  # no such database
        ("3F000", DatabaseUnfit),  # no such schema
        ("42501", DatabaseUnfit),  # no rights
        ("42P01", DatabaseUnfit),  # no such table
        ("42703", DatabaseUnfit),  # no such column
    ],
)
def test_a_state_says_what_is_to_be_done(state: str, meaning: type[DatabaseError]) -> None:
    named = named_fault(of_state(state))
    assert type(named) is meaning
    assert "so it is" in str(named)


@pytest.mark.parametrize("state", ["22003", "22021", "23502", "23514", "42601", "42883", "25P02"])
def test_what_can_only_be_a_defect_here_has_no_name(state: str) -> None:
    assert named_fault(of_state(state)) is None


@pytest.mark.parametrize(("state", "is_lock"), [("55P03", True), ("57014", True), ("40P01", False)])
def test_a_lock_that_was_not_free_is_told_apart(state: str, *, is_lock: bool) -> None:
    named = named_fault(of_state(state))
    assert isinstance(named, TryAgain)
    assert named.is_lock is is_lock


def test_what_was_there_already_is_told_by_its_constraint() -> None:
    error = asyncpg.PostgresError.new({"C": "23505", "M": "duplicate", "n": "answers_pkey"})
    named = named_fault(error)
    assert isinstance(named, TryAgain)
    assert (named.constraint, named.is_lock) == ("answers_pkey", False)


@pytest.mark.parametrize(
    "error",
    [
        OSError("no route to host"),
        ConnectionResetError(),
        TimeoutError(),
        asyncio.IncompleteReadError(b"", 5),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InternalClientError("got an unexpected message"),
        asyncpg.ConnectionDoesNotExistError("closed in the middle"),
    ],
)
def test_a_broken_connection_is_a_database_that_is_down(error: Exception) -> None:
    named = named_fault(error)
    assert type(named) is DatabaseDown
    assert str(error) in str(named)
    assert str(named)


def test_tables_that_were_changed_under_a_statement_are_met_again() -> None:
    error = asyncpg.InvalidCachedStatementError("cached statement plan is invalid")
    assert type(named_fault(error)) is TryAgain


@pytest.mark.parametrize("error", [SchemaBehind("old"), TryAgain("again", is_lock=True)])
def test_what_has_its_name_keeps_it(error: DatabaseError) -> None:
    assert named_fault(error) is error


@pytest.mark.parametrize(
    "error", [ValueError("x"), KeyError("x"), asyncio.CancelledError(), KeyboardInterrupt()]
)
def test_what_does_not_come_from_the_database_has_no_name(error: BaseException) -> None:
    assert named_fault(error) is None
