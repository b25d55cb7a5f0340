"""Who may reach the process: only this machine without keys, and with keys whoever has one."""

import http.client
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.runtime.process import Service
from tests.runtime.test_start import refused

_LEVEL = "/stores/berlin/inventory/apple"


def keys(*words: str) -> str:
    """Run ``surestock keys``; return what it prints."""
    command = (sys.executable, "-m", "surestock", "keys", *words)
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def make_key(file: Path, *scopes: str) -> str:
    asked = [word for scope in scopes for word in ("--scope", scope)]
    return keys("create", "--file", str(file), "--client", "till-1", *asked).strip()


def status_of(service: Service, key: str | None, method: str = "GET", path: str = _LEVEL) -> int:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    body = None
    if method == "PUT":
        headers["Content-Type"] = "application/json"
        body = b'{"onHand":5}'
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)) as connection:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 - it is refused
def test_without_keys_other_machines_are_not_served(tmp_path: Path, host: str) -> None:
    sentence = refused(tmp_path, HOST=host)
    assert "API_KEYS_FILE" in sentence
    assert "surestock keys create" in sentence


def test_without_keys_the_log_says_so(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        service.logged("nobody needs an API key, so only this machine is served")


@pytest.mark.parametrize("content", [None, "", "{}", '{"version":99,"keys":[]}'])
def test_a_key_file_that_cannot_be_used_is_refused(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "keys.json"
    if content is not None:
        file.write_text(content)
        file.chmod(0o600)
    service = Service(tmp_path, API_KEYS_FILE=str(file))
    assert service.ended() == 2
    assert str(file) in service.errors
    assert service.errors.count("\n") == 1


def test_a_key_opens_what_its_scopes_say_until_it_is_revoked(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    writer = make_key(file, "inventory:write")
    reader = make_key(file, "inventory:read")
    with Service(tmp_path, API_KEYS_FILE=str(file), HOST="0.0.0.0") as service:  # noqa: S104
        assert status_of(service, None) == 401
        assert status_of(service, None, path="/health/liveness") == 200
        assert status_of(service, writer, "PUT") == 201
        assert status_of(service, writer) == 403
        assert status_of(service, reader) == 200
        assert status_of(service, reader, "PUT") == 403
        keys("revoke", "--file", str(file), reader.split("_")[1])
        service.until(lambda: status_of(service, reader) == 401)
        third = make_key(file, "inventory:read")
        service.until(lambda: status_of(service, third) == 200)
        assert status_of(service, writer, "PUT") == 200
        log = service.log.read_text() + service.errors
    for key in (writer, reader, third):
        assert key.split("_")[2] not in log + file.read_text()
