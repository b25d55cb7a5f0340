"""The seed data is good, and both of its files say the same."""

from pathlib import Path

from tests.cli.command import surestock

SEED = Path(__file__).parents[2] / "data" / "seed"


def test_both_seed_files_open_the_same_stock(tmp_path: Path) -> None:
    told = []
    for name in ("stock.csv", "stock.ndjson"):
        data = tmp_path / name
        result = surestock("import", SEED / name, "--data-dir", data)
        assert (result.exit_code, result.stderr) == (0, "")
        assert surestock("verify", data).exit_code == 0
        lines = surestock("export", "--format", "csv", "--data-dir", data).stdout.splitlines()
        told.append([line.rpartition(",")[0] for line in lines])
    assert told[0] == told[1]
    assert len(told[0]) > 10
