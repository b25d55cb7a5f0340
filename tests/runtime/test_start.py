"""What is wrong from the start is told in one clear sentence, and the process ends with 2."""

import socket
from pathlib import Path

import pytest

from tests.runtime.process import Service


def refused(directory: Path, **settings: str) -> str:
    """Start, expect the refusal, and return the sentence."""
    service = Service(directory, **settings)
    assert service.ended() == 2
    sentence = service.errors
    assert sentence.startswith("surestock: ")
    assert sentence.count("\n") == 1
    assert sentence.endswith(".\n")
    assert "Traceback" not in sentence
    return sentence


def test_a_taken_port_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sentence = refused(tmp_path, PORT=str(port))
    assert f"port {port}" in sentence
    assert "already in use" in sentence


def test_a_taken_port_leaves_the_data_directory_alone(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused(tmp_path, ENGINE="log", PORT=str(taken.getsockname()[1]))
    assert not (tmp_path / "data").exists()


def test_a_host_that_is_none_is_refused(tmp_path: Path) -> None:
    assert "HOST" in refused(tmp_path, HOST="no.such.host.invalid")


def test_a_data_directory_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    sentence = refused(tmp_path, ENGINE="log", DATA_DIR=str(file / "data"))
    assert "DATA_DIR" in sentence
    assert "cannot be written" in sentence


def test_an_event_log_that_cannot_be_a_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "event-log").write_text("in the way")
    sentence = refused(tmp_path, ENGINE="log")
    assert "event-log" in sentence
    assert "cannot be opened" in sentence


def test_every_wrong_setting_is_named_at_once(tmp_path: Path) -> None:
    sentence = refused(tmp_path, PORT="70000", ENGINE="paper", IDEMP_TTL_MS="soon")
    for part in ("PORT=70000", "ENGINE=paper", "IDEMP_TTL_MS=soon"):
        assert part in sentence


@pytest.mark.parametrize("text", ['{"broken', "\x00" * 100 + "\n", "not a log\n"])
def test_a_log_that_cannot_be_trusted_is_refused(tmp_path: Path, text: str) -> None:
    log = tmp_path / "data" / "event-log"
    log.mkdir(parents=True)
    (log / f"{1:020}.ndjson").write_text(text)
    (log / f"{2:020}.ndjson").write_text(text)
    assert f"{1:020}.ndjson" in refused(tmp_path, ENGINE="log")


def test_a_second_process_on_the_same_log_is_refused(tmp_path: Path) -> None:
    second = tmp_path / "second"
    second.mkdir()
    data = str(tmp_path / "data")
    with Service(tmp_path, ENGINE="log", DATA_DIR=data) as first:
        sentence = refused(second, ENGINE="log", DATA_DIR=data)
        assert str(first.process.pid) in sentence
