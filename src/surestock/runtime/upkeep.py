"""One pass of upkeep over the data directory that the settings name, beside a server or without.

The process that runs it is the least important one of the machine: it takes what processor time
the server leaves, and lets the disk rest.
"""

import gc
import os
import time
from collections.abc import Callable
from pathlib import Path

from surestock.engine.log.upkeep import Done, UpkeepConfig, upkeep
from surestock.kit.clock import SystemClock
from surestock.runtime.log_config import log_config
from surestock.runtime.offline.place import existing_event_log
from surestock.runtime.settings import read_settings

_LEAST = 19
_REST_S = 0.02


def run_upkeep(data_dir: Path | None, tell: Callable[[str], None]) -> Done:
    """Do what is due in ``data_dir``, or in the one that the settings name; ``tell`` the steps.

    Raises ``StartRefused``, ``NoEventLog``, ``UpkeepRunning``, another ``SurestockError`` or
    ``OSError``.
    """
    settings = read_settings()
    if data_dir is not None:
        settings = settings.model_copy(update={"data_dir": data_dir})
    existing_event_log(settings.data_dir)
    os.nice(_LEAST)
    # What a snapshot is made of stays until it is written: there is no garbage to look for.
    gc.disable()
    config = UpkeepConfig(log_config(settings), settings.snapshot_every_n_events, settings.archive)
    return upkeep(config, SystemClock().now(), lambda: time.sleep(_REST_S), tell)
