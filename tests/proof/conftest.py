"""What every proof gets: a way to start servers that surely end, and a place for its figure."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from rich.console import Console

from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.past import Stage, grown, stages
from tests.proof.shop import Shop
from tests.real.absent import skipped_when_absent
from tests.real.fixtures import (
    database,
    each_version,
    fresh_database,
    lasting_cluster,
    postgres,
    postgres_version,
)
from tests.real.postgres import Cluster
from tests.real.postgres_binaries import postgres_binaries
from tests.stand_in.stand_in import StandIn

__all__ = ["database", "postgres", "postgres_version"]
_HERE = Path(__file__).parent
_FIGURES = pytest.StashKey[Figures]()
_MOST_S = 600
"""What a proof has by default, since a time-out ends the whole run: many times what it takes."""


def pytest_configure(config: pytest.Config) -> None:
    """Open the collection of figures."""
    config.stash[_FIGURES] = Figures()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each proof that names no time of its own more of it than other tests have."""
    for item in items:
        if item.path.is_relative_to(_HERE) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(_MOST_S))


def pytest_terminal_summary(config: pytest.Config) -> None:
    """Show the figures of the proofs that ran."""
    figures = config.stash[_FIGURES]
    if figures.rows:
        Console(width=120).print(figures.table())


@pytest.fixture
def figures(pytestconfig: pytest.Config) -> Figures:
    """Where a proof puts its figure."""
    return pytestconfig.stash[_FIGURES]


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[Fleet]:
    """Make servers; all are killed when the test ends."""
    fleet = Fleet(tmp_path)
    yield fleet
    fleet.kill_all()


@pytest.fixture
def shop(postgres: Cluster, database: str, make_server: Fleet) -> Shop:
    """Return a shop on a PostgreSQL of each version in turn; nobody serves it yet."""
    made = Shop(make_server, postgres, database, postgres.url(database))
    made.migrate()
    return made


@pytest.fixture
def newest_shop(request: pytest.FixtureRequest, make_server: Fleet) -> Iterator[Shop]:
    """Return a shop on the newest PostgreSQL that there is: enough where a tooth is looked for."""
    with skipped_when_absent():
        version = each_version()[-1]
        if version is None:
            postgres_binaries()
        assert version is not None
        cluster = lasting_cluster(request.config, version)
    database = fresh_database(cluster)
    made = Shop(make_server, cluster, database, cluster.url(database))
    made.migrate()
    yield made
    cluster.drop_database(database)


@pytest.fixture
def stand_in(tmp_path: Path) -> Iterator[StandIn]:
    """Return a commerce platform that runs; it ends with the test."""
    platform = StandIn(tmp_path)
    yield platform
    platform.end()


@pytest.fixture(scope="session")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Stage]]:
    """Return a log in three stages: before its first upkeep, before its second, its third."""
    folder = tmp_path_factory.mktemp("past")
    fleet = Fleet(folder)
    yield list(islice(stages(fleet, folder), 3))
    fleet.kill_all()


@pytest.fixture(scope="session", name="grown")
def grown_stage(past: list[Stage], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Return the log after its third upkeep, with all that can be derived of it."""
    folder = tmp_path_factory.mktemp("grown")
    fleet = Fleet(folder)
    yield grown(fleet, past[2], folder / "data")
    fleet.kill_all()
