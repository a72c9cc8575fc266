"""The worker: the process in which torch runs, started as ``python -m oracle.models.worker`` with its channel as standard input.

It answers one frame at a time. What it holds are rows of people's records: it writes none of it anywhere. After the start nothing that
any library prints leaves it, and it dumps no core. It ends when the node does, whatever it is doing.
"""

import os
import resource
import select
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from oracle.core.errors import ModelError
from oracle.models.frames import Frame, pack_evaluations, receive, send, unpack_files, unpack_rows
from oracle.models.package import ModelPackage

_GRACE_S = 5.0
_MIB = 2**20


def main() -> None:
    """Serve until the node hangs up."""
    channel = socket.socket(fileno=os.dup(0))
    _leave_the_terminal()
    threading.Thread(target=_end_with_the_node, args=(channel.fileno(),), daemon=True).start()
    try:
        Worker(channel, receive(channel).head).serve()
    except (EOFError, OSError):
        return
    except ModelError as error:  # there is no such device
        send(channel, Frame({"error": str(error)}))


def limit_memory(mib: int) -> None:
    """Let this process take so many MiB beside what it has; an allocation beyond fails.

    It is the data segment that is limited (Linux counts private writable memory in it): torch reserves far more address space than it
    uses, and what is resident can only be looked at afterwards. Other systems than Linux set no limit.
    """
    if sys.platform != "linux":
        return
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    used = int(status["VmData"].split()[0]) * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (used + mib * _MIB, used + mib * _MIB))


class Worker:
    """Runs models for one node. ``terms`` are its limits: device, memory_mib, timeout_s."""

    def __init__(self, channel: socket.socket, terms: Mapping[str, Any]) -> None:
        # torch: after the channel is watched
        from oracle.models.device import torch_device  # noqa: PLC0415
        from oracle.models.runtime import LocalRuntime  # noqa: PLC0415

        self._channel = channel
        self._device = torch_device(terms["device"]).type
        self._timeout_s = float(terms["timeout_s"])
        self._kind = LocalRuntime
        self._runtimes: dict[str, LocalRuntime] = {}
        if self._device == "cpu":  # a GPU's driver maps what it likes
            limit_memory(int(terms["memory_mib"]))

    def serve(self) -> None:
        """Answer frames. Raises EOFError when the node hangs up."""
        send(self._channel, Frame({"ready": True}))
        _be_silent()
        while True:
            asked = receive(self._channel)
            # The node kills a worker that is late. If the node is gone, and a library holds the interpreter, the kernel does.
            signal.setitimer(signal.ITIMER_REAL, asked.head.get("limit_s", self._timeout_s) + _GRACE_S)
            answer = self._answer(asked)
            signal.setitimer(signal.ITIMER_REAL, 0)
            send(self._channel, answer)

    def _answer(self, asked: Frame) -> Frame:
        acts = {"load": self._load, "evaluate": self._evaluate, "unload": self._unload}
        try:
            return acts[asked.head["do"]](asked)
        except ModelError as error:
            return Frame({"error": str(error)})
        except Exception as error:  # its text may quote a row
            return Frame(
                {"error": f"the worker failed with {type(error).__name__}; raise runtime.memory_mib if it lacks memory"}
            )

    def _load(self, asked: Frame) -> Frame:
        files = unpack_files(asked.head["files"], asked.body)
        package = ModelPackage.from_files(files, expected_files_digest=bytes.fromhex(asked.head["model"]))
        runtime = self._kind(package, device=self._device)
        runtime.self_test()
        self._runtimes[asked.head["model"]] = runtime
        return Frame({})

    def _evaluate(self, asked: Frame) -> Frame:
        runtime = self._runtimes[asked.head["model"]]
        rows = unpack_rows(asked.body, len(runtime.card.inputs))
        return Frame({}, pack_evaluations(runtime.evaluate(rows)))

    def _unload(self, asked: Frame) -> Frame:
        self._runtimes.pop(asked.head["model"], None)
        return Frame({})


def _leave_the_terminal() -> None:
    # A node that is told to stop lets the worker go itself, after what runs.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)


def _be_silent() -> None:
    os.dup2(1, 2)


def _end_with_the_node(channel: int) -> None:
    hung_up = select.poll()
    hung_up.register(channel, 0)  # a hang-up is always told
    hung_up.poll()
    os._exit(0)


if __name__ == "__main__":
    main()
