"""The platform as a test has it: started, told how to behave, asked what it knows, ended."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec

from tests.proof.http_client import Connection
from tests.stand_in.terms import Behaviour, Books, Ports

_ROOT = Path(__file__).parents[2]
_STOP_S = 30
_MODULE = "surestock_stand_in"
_ENTRY_POINTS = f"[surestock.commerce]\nstand-in = {_MODULE}:PLATFORM\n"
_METADATA = "Metadata-Version: 2.1\nName: surestock-stand-in\nVersion: 1\n"


class StandIn:
    """The process of the platform; ``settings`` are those of a service that uses it.

    An order that nobody knows of ``settles_s`` after it was asked for was not placed. The provider
    waits ``patience_s`` for an answer.
    """

    def __init__(self, folder: Path, *, settles_s: float = 2.0, patience_s: float = 12.0) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.stand_in.server"],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        ports = msgspec.json.decode(self._process.stdout.readline(), type=Ports)
        self._control = ports.control
        config = {
            "http": {
                "base_url": f"http://127.0.0.1:{ports.platform}",
                "total_s": patience_s,
            },
            "settles_s": settles_s,
        }
        config_file = folder / "stand-in.json"
        config_file.write_bytes(msgspec.json.encode(config))
        python_path = (str(_ROOT / "src"), str(_ROOT), str(_install(folder / "site")))
        self.settings = {
            "COMMERCE_PROVIDER": "stand-in",
            "COMMERCE_CONFIG_FILE": str(config_file),
            "PYTHONPATH": os.pathsep.join(python_path),
        }

    async def behave(self, behaviour: Behaviour) -> None:
        """Tell the platform how to behave from now on."""
        async with Connection(self._control) as connection:
            reply = await connection.request("POST", "/", msgspec.json.encode(behaviour))
            assert reply.is_success

    async def books(self) -> Books:
        """Return what the platform knows, however it behaves."""
        async with Connection(self._control) as connection:
            reply = await connection.request("GET", "/")
            return msgspec.json.decode(reply.body, type=Books)

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate(timeout=_STOP_S)


def _install(site: Path) -> Path:
    """Make a folder with the provider as an installed distribution; return it.

    https://packaging.python.org/en/latest/specifications/recording-installed-packages/
    """
    told = site / f"{_MODULE}-1.dist-info"
    told.mkdir(parents=True)
    (told / "METADATA").write_text(_METADATA)
    (told / "entry_points.txt").write_text(_ENTRY_POINTS)
    shutil.copy(Path(__file__).with_name("provider.py"), site / f"{_MODULE}.py")
    return site
