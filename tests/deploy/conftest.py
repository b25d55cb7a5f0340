"""The metrics of a real process, which the alerts and the dashboard are held against."""

from pathlib import Path
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.runtime.process import API, Service

# Shown by others: Prometheus itself, and node_exporter. And what has no sample before it happens.
_NOT_SEEN_HERE = {
    "up": set[str](),
    "node_filesystem_avail_bytes": {"fstype", "mountpoint", "device"},
    "node_filesystem_size_bytes": {"fstype", "mountpoint", "device"},
    "surestock_connections_ended_total": {"reason"},
}


@pytest.fixture(scope="session")
def metrics_text(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What ``GET /metrics`` answers once something was asked for."""
    directory: Path = tmp_path_factory.mktemp("metrics")
    with Service(directory, *API, ENGINE="log") as service:
        service.count("apple", 3)
        with urlopen(f"http://127.0.0.1:{service.port}/metrics", timeout=30) as answer:
            text: str = answer.read().decode()
    return text


@pytest.fixture(scope="session")
def known(metrics_text: str) -> dict[str, set[str]]:
    """The labels of each name that the process shows, and of those that others do."""
    shown = {name: set(labels) for name, labels in _NOT_SEEN_HERE.items()}
    for family in text_string_to_metric_families(metrics_text):
        for sample in family.samples:
            shown.setdefault(sample.name, set()).update(sample.labels)
    return shown
