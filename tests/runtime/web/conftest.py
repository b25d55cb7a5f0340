"""These tests run on the loop that the service runs on: transports differ from loop to loop."""

from typing import Any

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Run coroutine tests on uvloop."""
    return "asyncio", {"use_uvloop": True}
