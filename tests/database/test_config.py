"""A database's URL: its hosts as they are meant, and nothing of its password anywhere."""

import pytest

from surestock.database import DatabaseConfig


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("postgres://db/shop", [("db", 5432)]),
        ("postgresql://db:6432/shop", [("db", 6432)]),
        ("postgres://ann:secret@db:6432/shop?sslmode=require", [("db", 6432)]),
        ("postgres://a:1,b,c:3/shop", [("a", 1), ("b", 5432), ("c", 3)]),
        ("postgres://[::1]/shop", [("::1", 5432)]),
        ("postgres://ann@[::1]:6432/shop", [("::1", 6432)]),
        ("postgres://[fe80::1]:1,[::1],b:3/shop", [("fe80::1", 1), ("::1", 5432), ("b", 3)]),
        ("postgres://ann:p%40ss%3A%2F@db/shop", [("db", 5432)]),
        ("postgres://ann:p@ss@db/shop", [("db", 5432)]),
        ("postgres://%2Fvar%2Frun/shop", [("/var/run", 5432)]),
        ("postgres://%2Fvar%2Frun:6432/shop", [("/var/run", 6432)]),
        ("postgres:///shop", []),
        ("postgres://ann:secret@/shop", []),
    ],
)
def test_hosts_come_in_the_order_of_the_url(url: str, hosts: list[tuple[str, int]]) -> None:
    assert DatabaseConfig(url).hosts() == hosts


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgres://ann:secret@db/shop?sslmode=require&password=secret", "db:5432/shop"),
        ("postgres://ann:sec@ret@a:1,b:2/shop", "a:1,b:2/shop"),
        ("postgres:///shop?password=secret", "local/shop"),
    ],
)
def test_a_place_says_where_and_not_who(url: str, place: str) -> None:
    assert DatabaseConfig(url).place() == place


@pytest.mark.parametrize(
    "url", ["postgres://ann:s3cret/x@db/shop", "postgres://ann:s3cret#x@db/shop"]
)
@pytest.mark.parametrize("read", [DatabaseConfig.hosts, DatabaseConfig.place])
def test_a_password_that_is_taken_for_a_port_is_not_shown(url: str, read: object) -> None:
    assert callable(read)
    with pytest.raises(ValueError, match="a port is no number") as told:
        read(DatabaseConfig(url))
    assert "s3cret" not in str(told.value)


@pytest.mark.parametrize("port", ["", "x", "-1", "+1", "1_0", "1.0", "٣"])
def test_a_port_is_a_number(port: str) -> None:
    with pytest.raises(ValueError, match="a port is no number"):
        DatabaseConfig(f"postgres://db:{port}/shop").hosts()
