"""A commerce platform inside the process: everything works, and everything can be made to fail.

It is the default, so that the service runs with nothing installed, and the one to rehearse faults
on. What it knows lives in memory and ends with the process.
"""

from surestock.commerce.platform import Platform
from surestock.commerce.providers.simulated.config import SimulatedConfig
from surestock.commerce.providers.simulated.provider import SimulatedProvider

PLATFORM = Platform(config=SimulatedConfig, make=SimulatedProvider)
