"""A throw-away PostgreSQL is there for tests, and gone after them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.absent import skipped_when_absent
from tests.real.postgres import Cluster, postgres_cluster
from tests.real.process import answers


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with skipped_when_absent(), postgres_cluster() as made:
        yield made
        ((folder,),) = made.execute("SHOW data_directory")
    assert folder is not None
    assert not Path(folder).parent.exists(), "it left its files"
    assert not answers(made.port), "it still runs"


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
