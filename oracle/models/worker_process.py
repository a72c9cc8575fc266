"""The worker as the node sees it: a process that answers, or is lost."""

import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from oracle.core.errors import AssentError, ModelError
from oracle.models.evaluation import Evaluation
from oracle.models.frames import Frame, pack_files, pack_rows, receive, send, unpack_evaluations
from oracle.models.package import ModelPackage

#: Loading torch, or a large package, on a machine that is busy.
_START_S = _LOAD_S = 120.0


class WorkerLostError(AssentError):
    """The worker ended, or was ended because it was late. The message says how, as what follows "the worker"."""


class WorkerProcess:
    """One process of :mod:`oracle.models.worker`. Not for several threads at once, but :meth:`kill` may come from any."""

    def __init__(self, terms: Mapping[str, Any], timeout_s: float) -> None:
        """Start it under its terms and wait until torch is loaded. Raises WorkerLostError, or ModelError if they can't be met."""
        self._channel, there = socket.socketpair()
        self._timeout_s = timeout_s
        self._loaded: set[bytes] = set()
        # A program of its own, not a fork: nothing of the node's memory, keys or descriptors is in it.
        command = [sys.executable, "-P", "-m", "oracle.models.worker"]
        with there:
            self._process = subprocess.Popen(command, stdin=there.fileno(), start_new_session=True)
        try:
            self._ask(Frame({**terms, "timeout_s": timeout_s}), _START_S)
        except AssentError:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The process's id."""
        return int(self._process.pid)

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.poll() is not None

    def has(self, package: ModelPackage) -> bool:
        """Tell whether a package is loaded."""
        return package.files_digest in self._loaded

    def load(self, package: ModelPackage) -> None:
        """Hand over a package, which is checked and tested there. Raises ModelError or WorkerLostError."""
        sizes, body = pack_files(package.files)
        self._ask(Frame({**_named("load", package), "files": sizes, "limit_s": _LOAD_S}, body), _LOAD_S)
        self._loaded.add(package.files_digest)

    def unload(self, package: ModelPackage) -> None:
        """Let a package go. Raises WorkerLostError."""
        self._loaded.discard(package.files_digest)
        self._ask(Frame(_named("unload", package)), self._timeout_s)

    def evaluate(self, package: ModelPackage, rows: Sequence[Sequence[float]]) -> list[Evaluation]:
        """Evaluate rows of a loaded package. Raises ModelError or WorkerLostError."""
        answer = self._ask(Frame(_named("evaluate", package), pack_rows(rows)), self._timeout_s)
        return unpack_evaluations(answer.body, len(package.card.inputs))

    def kill(self) -> None:
        """End the process. Who waits for an answer gets WorkerLostError."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End the process and close the channel."""
        self.kill()
        self._channel.close()

    def _ask(self, frame: Frame, limit_s: float) -> Frame:
        try:
            send(self._channel, frame, limit_s)
            answer = receive(self._channel, limit_s)
        except TimeoutError:
            self.kill()
            raise WorkerLostError(f"didn't answer within {limit_s:g} s") from None
        except (EOFError, OSError, ValueError):  # gone, or no frame
            self.kill()
            raise WorkerLostError(self._end()) from None
        if "error" in answer.head:
            raise ModelError(answer.head["error"])
        return answer

    def _end(self) -> str:
        status = self._process.returncode
        return f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"


def _named(act: str, package: ModelPackage) -> dict[str, Any]:
    return {"do": act, "model": package.files_digest.hex()}
