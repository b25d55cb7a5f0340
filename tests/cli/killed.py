"""Runs a command that is killed on the way: ``killed.py FAILPOINT N WORDS``, at the N-th passage.

With ``--tooth`` in front, the import is broken on purpose: a row has another idempotency key in
every run.
"""

import os
import signal
import sys
from unittest.mock import patch

from surestock.cli.app import main
from surestock.cli.counting import into_log
from surestock.kit import failpoints
from surestock.kit.ids import IdSource

TOOTH = "--tooth"


def _die_at(failpoint: str, passages: int) -> None:
    left = passages

    def pass_or_die() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    failpoints.arm(failpoint, pass_or_die)


def _main(failpoint: str, passages: str, *words: str) -> None:
    _die_at(failpoint, int(passages))
    sys.argv = ["surestock", *words]
    main()


if sys.argv[1] == TOOTH:
    with patch.object(into_log, "key_prefix", lambda _: f"import:{IdSource().next()}:"):
        _main(*sys.argv[2:])
else:
    _main(*sys.argv[1:])
