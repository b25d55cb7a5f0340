"""``surestock serve --workers N`` with the stock of each process in its own memory.

So the parent and the port are tried with real API processes, and without what they would share.
"""

import sys

from surestock.runtime.address import bind
from surestock.runtime.fleet.serve import run_fleet
from surestock.runtime.settings import read_settings

settings = read_settings()
workers, *command = sys.argv[1:]
bound = bind(settings.host, settings.port)
if command:
    sys.exit(run_fleet(settings, bound, int(workers), command, with_worker=False))
sys.exit(run_fleet(settings, bound, int(workers), with_worker=False))
