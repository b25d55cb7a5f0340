"""The metrics of a database: there from the start, and its breaker in place of the log's."""

from surestock.telemetry.metrics import Metrics
from tests.telemetry.shown import values


async def test_transactions_that_were_tried_again_are_told_by_why() -> None:
    metrics = Metrics("postgres")
    name = "surestock_database_retries_total"
    assert await values(metrics, name) == {("conflict",): 0, ("lock",): 0, ("lost",): 0}
    metrics.database.retries["lost"] += 2
    assert (await values(metrics, name))["lost",] == 2


async def test_connections_that_were_opened_are_counted() -> None:
    metrics = Metrics("postgres")
    name = "surestock_database_connections_opened_total"
    assert await values(metrics, name) == {(): 0}
    metrics.database.connections += 3
    assert await values(metrics, name) == {(): 3}


async def test_a_database_has_the_breaker_that_a_log_has_elsewhere() -> None:
    name = "surestock_breaker_openings_total"
    of_database = {("database",): 0, ("worker",): 0, ("commerce",): 0}
    assert await values(Metrics("postgres"), name) == of_database
    assert ("database",) not in await values(Metrics("log"), name)
