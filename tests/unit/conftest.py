"""Unit tests open no socket: whatever tries fails."""

import pytest
import pytest_socket


@pytest.fixture(autouse=True)
def _no_sockets() -> object:
    # asyncio's loops need a socket pair of their own.
    pytest_socket.disable_socket(allow_unix_socket=True)
    yield
    pytest_socket.enable_socket()
