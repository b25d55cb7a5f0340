"""``surestock import`` and a real server share one memory of what was imported."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import surestock, surestock_killed
from tests.proof.server import Server

# It does much, and the machine may have much else to do.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "data", tmp_path / "server.log")
    yield server
    server.kill()


def _url(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}"


def _versions(data_dir: Path) -> list[str]:
    lines = surestock("export", "--format", "csv", "--data-dir", data_dir).stdout.splitlines()[1:]
    return [line.split(",")[5] for line in lines]


def test_an_import_that_began_offline_goes_on_over_http(tmp_path: Path, server: Server) -> None:
    file = tmp_path / "counts.csv"
    file.write_text("storeId,sku,onHand\n" + "".join(f"s1,sku-{row},{row}\n" for row in range(600)))
    surestock_killed("journal.write", 2, "import", file, "--data-dir", server.data_dir)
    begun = len(_versions(server.data_dir))
    assert 0 < begun < 600
    server.start()
    result = surestock("import", file, "--url", _url(server))
    assert (result.exit_code, result.stderr) == (0, "")
    server.stop()
    assert _versions(server.data_dir) == ["1"] * 600


def test_an_import_that_began_over_http_goes_on_offline(tmp_path: Path, server: Server) -> None:
    file = tmp_path / "counts.ndjson"
    row = '{"storeId":"s2","sku":"%s","onHand":5,"reason":"\u00fc \\"found\\""}\n'
    file.write_text(row % "tea" + row % "!" + row % "milk")
    server.start()
    for _ in range(2):
        result = surestock("import", file, "--url", _url(server) + "/")
        assert result.exit_code == 1
        assert f"{file}, line 2: sku is '!'" in result.stderr
    assert surestock("import", file, "--data-dir", server.data_dir).exit_code == 2
    server.stop()
    again = surestock("import", file, "--data-dir", server.data_dir)
    assert "0 counts recorded (2 more were recorded by an earlier run)" in again.stdout
    assert _versions(server.data_dir) == ["1", "1"]
