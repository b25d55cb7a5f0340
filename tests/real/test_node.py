"""A Node project is installed once for each lock file, whole or not at all."""

import json
import shutil
from pathlib import Path

import pytest

from tests.real import node
from tests.real.absent import Absent
from tests.real.node import installed, node_environment, node_server, run_node, staged
from tests.real.process import ServerFailed, answers

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or shutil.which("npm") is None, reason="no node or npm here"
)
_SERVE = "require('http').createServer((_, res) => res.end()).listen(process.env.PORT)"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a project that needs a package of its own only, and an empty cache."""
    monkeypatch.setattr(node, "CACHE", tmp_path / "cache")
    made = tmp_path / "shelf"
    (made / "kept").mkdir(parents=True)
    (made / "kept" / "package.json").write_text('{"name": "kept", "version": "1.0.0"}')
    write(made, {"kept": "file:kept"})
    (made / "main.js").write_text("console.log(require('shelved'))")
    return made


def write(project: Path, dependencies: dict[str, str]) -> None:
    told = {"name": "shelf", "version": "1.0.0", "dependencies": dependencies}
    (project / "package.json").write_text(json.dumps(told))


def test_it_is_installed_once_and_again_for_another_lock_file(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = installed(project, "install")
    assert (first / "node_modules").is_dir()
    with monkeypatch.context() as patched:
        patched.setattr(node, "_install", pytest.fail)
        assert installed(project, "install") == first
    (project / "package-lock.json").write_text("{}")
    assert installed(project, "install") != first


def test_a_copy_finds_what_is_installed(project: Path, tmp_path: Path) -> None:
    place = installed(project, "install") / "node_modules" / "shelved"
    place.mkdir()
    (place / "index.js").write_text("module.exports = 'from the cache'")
    copy = staged(project, tmp_path / "copy", "install")
    assert run_node(["node", "main.js"], copy, node_environment()) == "from the cache\n"
    (copy / "written.txt").write_text("by a server")
    assert not (project / "written.txt").exists()


def test_an_interrupted_installation_is_not_taken_for_whole(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, {"kept": "file:nowhere", "surely": "1.0.0"})
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    with pytest.raises(Absent, match="can't reach"):
        installed(project, "install")
    assert not [found for found in node.CACHE.iterdir() if found.is_dir()]


def test_a_project_that_npm_refuses_is_a_failure_and_no_skip(project: Path) -> None:
    (project / "package.json").write_text("{")
    with pytest.raises(AssertionError, match="npm install failed"):
        installed(project, "install")


def test_without_node_it_is_a_skip(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Absent, match="node is not installed"):
        installed(project)


def test_a_server_is_there_when_it_answers_and_gone_after(tmp_path: Path) -> None:
    with node_server(["node", "-e", _SERVE], tmp_path, node_environment()) as (_, port):
        assert answers(port)
    assert not answers(port)


def test_a_server_that_dies_tells_why(tmp_path: Path) -> None:
    command = ["node", "-e", "throw new Error('no such shelf')"]
    with (
        pytest.raises(ServerFailed, match="no such shelf"),
        node_server(command, tmp_path, node_environment()),
    ):
        pytest.fail("it is up")
