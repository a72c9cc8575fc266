"""Child processes that never outlive their parent's intention: started in order, stopped in reverse, logs kept."""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests

from oracle.core.errors import AssentError

_STOP_S = 25
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_POLL_S = 0.05
_LISTENING = range(15_000, 32_000)
# In an order of each process's own: one process is given no port twice, and two hardly ever the same.
_PORTS = itertools.cycle(random.SystemRandom().sample(_LISTENING, len(_LISTENING)))


class ProcessError(AssentError):
    """A process didn't start, or ended when it shouldn't."""


def free_port() -> int:
    """Return a TCP port on loopback that nobody listens on now, another one each time.

    Below the range from which the kernel takes ports for outgoing connections (Linux: 32768 and up): one of those would be
    taken now and then between being found free here and being listened on by the process it is for.
    """
    for _ in _LISTENING:
        port = next(_PORTS)
        if port_is_free(port):
            return port
    raise ProcessError(f"no free port from {_LISTENING.start} to {_LISTENING.stop - 1}: end what listens there")


def port_is_free(port: int) -> bool:
    """Tell whether a port on loopback can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _end_with_parent() -> None:
    """Have the kernel end this process when its parent is gone, even if that was killed and could tidy up nothing."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(slots=True)
class Child:
    """One running process, and where it logs."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def tail(self, lines: int = 12) -> str:
        """Return the end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


class Processes:
    """The children of one run."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._children: dict[str, Child] = {}

    def __getitem__(self, name: str) -> Child:
        return self._children[name]

    def __contains__(self, name: object) -> bool:
        return name in self._children

    def start(self, name: str, command: list[str], environment: dict[str, str] | None = None) -> Child:
        """Start a process in a session of its own, so that Ctrl-C reaches it only through :meth:`stop`."""
        self._logs.mkdir(parents=True, exist_ok=True)
        path = self._logs / f"{name}.log"
        with path.open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
                preexec_fn=_end_with_parent if _LIBC else None,  # noqa: PLW1509  we start no threads before
            )
        self._children[name] = Child(name, process, path)
        return self._children[name]

    def wait_until(self, name: str, ready: Callable[[], bool], timeout_s: float = 120) -> None:
        """Wait until ``ready()``. Raises ProcessError, with the end of the log, if the process ends or the time does."""
        child = self._children[name]
        give_up = time.monotonic() + timeout_s
        while not ready():
            if child.process.poll() is not None:
                raise ProcessError(f"{name} ended with status {child.process.returncode}:\n{child.tail()}")
            if time.monotonic() > give_up:
                raise ProcessError(f"{name} isn't ready after {timeout_s:.0f} s:\n{child.tail()}")
            time.sleep(_POLL_S)

    def check(self) -> None:
        """Raise ProcessError if any child ended by itself."""
        for child in self._children.values():
            if child.process.poll() is not None:
                raise ProcessError(f"{child.name} ended with status {child.process.returncode}:\n{child.tail()}")

    def kill(self, name: str) -> None:
        """Kill a child with SIGKILL, as a crash would."""
        child = self._children.pop(name)
        child.process.kill()
        child.process.wait()

    def stop(self, name: str) -> int:
        """Stop a child with SIGTERM and return its exit status; SIGKILL after a while."""
        child = self._children.pop(name)
        with contextlib.suppress(ProcessLookupError):
            child.process.send_signal(signal.SIGTERM)
        try:
            return child.process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            child.process.kill()
            return child.process.wait()

    def stop_all(self) -> None:
        """Stop all children, the last started first: all are told before any is waited for."""
        for child in reversed(self._children.values()):
            with contextlib.suppress(ProcessLookupError):
                child.process.send_signal(signal.SIGTERM)
        for name in reversed(list(self._children)):
            self.stop(name)


def answers(url: str) -> bool:
    """Tell whether a URL answers with status 200."""
    try:
        return bool(requests.get(url, timeout=2).status_code == requests.codes.ok)
    except requests.RequestException:
        return False
