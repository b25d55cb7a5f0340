"""The id of a boot is the kernel's own, and the same in every process."""

import subprocess
import sys
from uuid import UUID

from surestock.kit.boot import boot_id


def test_the_boot_id_is_the_kernels() -> None:
    assert str(UUID(boot_id())) == boot_id()


def test_another_process_finds_the_same() -> None:
    code = "from surestock.kit.boot import boot_id; print(boot_id())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert other.stdout.strip() == boot_id()
