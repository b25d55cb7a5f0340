"""A connection is as private as its URL asks for, or it is not made."""

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from msgspec.structs import replace

from surestock.database import DatabaseConfig, DatabaseDown, DatabaseUnfit, open_connection
from tests.database.patient import patient
from tests.real.absent import skipped_when_absent
from tests.real.cluster import Cluster
from tests.real.postgres import postgres_cluster
from tests.real.postgres_binaries import give_to_server_user
from tests.real.process import ServerFailed
from tests.real.scratch import scratch_folder

_IS_PRIVATE = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


@pytest.fixture(scope="module")
def certificates() -> Iterator[Path]:
    """A folder that the server may read: certificates of this machine by two who vouch."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here")
    folder = scratch_folder(Path(tempfile.gettempdir()))
    for name in ("server", "stranger"):
        command = [
            "openssl",
            "req",
            "-new",
            "-x509",
            "-nodes",
            "-days",
            "2",
            "-subj",
            f"/CN={name}",
        ]
        command += ["-addext", "subjectAltName=IP:127.0.0.1", "-newkey", "rsa:2048"]
        command += ["-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.crt")]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    for path in (folder, *folder.iterdir()):
        give_to_server_user(path)
    (folder / "server.key").chmod(0o600)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def private(postgres_version: str, certificates: Path) -> Iterator[Cluster]:
    """A server that has a certificate."""
    settings = {
        "ssl": "on",
        "ssl_cert_file": str(certificates / "server.crt"),
        "ssl_key_file": str(certificates / "server.key"),
    }
    with ExitStack() as ended:
        try:
            with skipped_when_absent():
                made = postgres_cluster(postgres_version, durable=True, settings=settings)
                cluster = ended.enter_context(made)
        except ServerFailed as failed:
            if "SSL is not supported by this build" not in str(failed):
                raise
            pytest.skip(f"the PostgreSQL {postgres_version} that is here was built without TLS")
        yield cluster


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
async def test_a_server_that_is_vouched_for_is_spoken_to_in_private(
    private: Cluster, certificates: Path, mode: str
) -> None:
    query = f"sslmode={mode}&sslrootcert={certificates / 'server.crt'}"
    connection = await open_connection(patient(f"{private.url('postgres')}?{query}"))
    assert await connection.fetchval(_IS_PRIVATE) is True
    await connection.close()


@pytest.mark.parametrize("mode", ["verify-ca", "verify-full"])
async def test_a_server_that_nobody_vouches_for_is_refused(
    private: Cluster, certificates: Path, mode: str
) -> None:
    query = f"sslmode={mode}&sslrootcert={certificates / 'stranger.crt'}"
    with pytest.raises(DatabaseUnfit, match="certificate verify failed"):
        await open_connection(patient(f"{private.url('postgres')}?{query}"))


async def test_a_server_of_another_name_is_refused(private: Cluster, certificates: Path) -> None:
    url = private.url("postgres").replace("127.0.0.1", "localhost")
    query = f"sslmode=verify-full&sslrootcert={certificates / 'server.crt'}"
    with pytest.raises(DatabaseUnfit, match="Hostname mismatch"):
        await open_connection(patient(f"{url}?{query}"))


async def test_a_server_without_tls_is_not_used_where_it_is_wanted(config: DatabaseConfig) -> None:
    with pytest.raises(DatabaseDown, match="rejected SSL upgrade"):
        await open_connection(replace(config, url=f"{config.url}?sslmode=require"))


async def test_a_certificate_that_is_not_there_is_told_as_what_it_is(
    config: DatabaseConfig,
) -> None:
    url = f"{config.url}?sslmode=verify-full&sslrootcert=/nowhere/root.crt"
    with pytest.raises(DatabaseUnfit, match="a file of certificates or keys"):
        await open_connection(replace(config, url=url))


async def test_a_mode_that_is_none_is_refused(config: DatabaseConfig) -> None:
    with pytest.raises(DatabaseUnfit, match="sslmode"):
        await open_connection(replace(config, url=f"{config.url}?sslmode=perhaps"))


async def test_a_socket_that_is_not_there_is_a_server_that_is_down(tmp_path: Path) -> None:
    place = str(tmp_path).replace("/", "%2F")
    async with asyncio.timeout(30):
        with pytest.raises(DatabaseDown, match="there is no socket"):
            await open_connection(patient(f"postgres://postgres@{place}/shop"))


async def test_a_socket_of_this_machine_is_a_host(
    config: DatabaseConfig, postgres: Cluster
) -> None:
    place = str(postgres.home).replace("/", "%2F")
    url = f"postgres://postgres@{place}:{postgres.port}/{config.url.rpartition('/')[2]}"
    connection = await open_connection(replace(config, url=url))
    assert await connection.fetchval("SELECT inet_server_port()") is None
    await connection.close()
