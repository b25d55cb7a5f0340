"""What ``surestock verify`` says."""

import shutil
from pathlib import Path

from tests.cli.command import surestock
from tests.cli.kept import Shop

MADE_AGAIN = "the log is sound. What is damaged was made from it and will be made again"


def table_of(printed: str) -> dict[str, str]:
    """Return the numbers of a table by their names."""
    rows = [line.strip("│ ").split("│") for line in printed.splitlines() if "│" in line]
    return {name.strip(): number.strip() for name, number in rows}


def expect_damage(shop: Shop, path: Path, why: str, folder: str) -> None:
    """Expect that damage at ``path`` is told, not touched, and gone with ``folder``."""
    before = {it: it.read_bytes() for it in shop.data_dir.rglob("*") if it.is_file()}
    result = surestock("verify", shop.data_dir)
    assert result.exit_code == 1, result.stdout
    assert f"surestock: damaged: {path}: " in result.stderr
    assert why in result.stderr
    assert MADE_AGAIN in result.stderr
    assert result.stderr.endswith(f"while no server runs, delete {shop.data_dir / folder}.\n")
    assert "clean" not in result.stdout
    assert {it: it.read_bytes() for it in shop.data_dir.rglob("*") if it.is_file()} == before
    shutil.rmtree(shop.data_dir / folder)
    assert surestock("verify", shop.data_dir).exit_code == 0
