"""A devnet whose every process reads the chain through a proxy, and whose nodes can be told to be faulty."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from chaos.mode import Mode, ModeFile
from deploy.devnet import Devnet, DevnetOptions
from deploy.processes import answers, free_port
from oracle.chain.rpc import open_sync

ROOT = Path(__file__).resolve().parent.parent
_READY_S = 120.0


class ChaosNet(Devnet):
    """See :class:`deploy.devnet.Devnet`; ``seed`` is the proxy's."""

    def __init__(self, options: DevnetOptions, say: Callable[[str], None], seed: int) -> None:
        super().__init__(options, say)
        self._seed = seed
        self._proxy = f"http://127.0.0.1:{free_port()}"

    def _start_anvil(self) -> None:
        # First, for it takes longest: what comes meanwhile is for free.
        threads = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "chaos.cradle", "--folder", str(self.options.folder)]
        self.processes.start("cradle", command, {**_environment(), **threads})
        super()._start_anvil()
        port = self._proxy.rsplit(":", 1)[1]
        arguments = ["--port", port, "--target", self.rpc_url, "--seed", str(self._seed)]
        self.processes.start("proxy", [sys.executable, "-m", "chaos.rpc_proxy", *arguments], _environment())
        self.processes.wait_until("proxy", lambda: answers(f"{self._proxy}/control"))

    def rpc_url_of(self, name: str) -> str:
        """Return a process's own path at the proxy."""
        return f"{self._proxy}/{name}"

    def start_node(self, name: str) -> None:
        """Have the cradle start a node, with the faulty parts, which are the real ones until told otherwise."""
        self.tell(name, Mode())

    def wait_ready(self, name: str) -> None:
        """Wait until a node says that it is ready. Raises ProcessError if it doesn't become so."""
        endpoint = self.operator(name).endpoint
        self.processes.wait_until("cradle", lambda: answers(f"{endpoint}/readyz"), _READY_S)

    @property
    def names(self) -> list[str]:
        """The operators' names."""
        return [operator.name for operator in self.operators]

    # Faults

    def tell(self, name: str, mode: Mode) -> None:
        """Tell an operator's node what is wrong with it from now on."""
        ModeFile(self.operator(name).config.parent / "mode.json").write(mode)

    @contextmanager
    def faulty(self, names: Sequence[str], fault: str) -> Iterator[None]:
        """Let operators be faulty for a while."""
        for name in names:
            self.tell(name, Mode(fault))
        try:
            yield
        finally:
            for name in names:
                self.tell(name, Mode())

    @contextmanager
    def rpc_faults(self, names: Sequence[str], **faults: float) -> Iterator[None]:
        """Let the endpoints of these processes misbehave for a while (see :class:`chaos.rpc_proxy.Faults`)."""
        for name in names:
            requests.put(f"{self._proxy}/control/{name}", json=faults, timeout=5).raise_for_status()
        try:
            yield
        finally:
            for name in names:
                requests.put(f"{self._proxy}/control/{name}", json={}, timeout=5).raise_for_status()

    def injected(self) -> int:
        """Return how many faults the proxy has injected in all."""
        counts: dict[str, dict[str, int]] = requests.get(f"{self._proxy}/control", timeout=5).json()
        return sum(sum(each.values()) for each in counts.values())

    def deaths(self) -> Counter[str]:
        """Return how often nodes died at each moment of each step, such as ``after cursor+requests``."""
        found: Counter[str] = Counter()
        for operator in self.operators:
            path = operator.config.parent / "deaths"
            found.update(path.read_text().splitlines() if path.exists() else [])
        return found

    def steps(self) -> list[str]:
        """Return the transactions of a node's store that were seen so far, each named by the tables that it writes."""
        found: set[str] = set()
        for operator in self.operators:
            path = operator.config.parent / "steps"
            found.update(path.read_text().splitlines() if path.exists() else ())
        return sorted(found)

    def senders(self) -> set[str]:
        """Return the addresses, in lower case, of the keys that pay for nodes' transactions."""
        folders = [operator.config.parent for operator in self.operators]
        return {
            "0x" + json.loads((folder / "sender.json").read_text())["address"].lower().removeprefix("0x")
            for folder in folders
        }

    def ask_anvil(self, method: str, *params: Any) -> Any:
        """Make a call of Anvil's own, past the proxy."""
        answer: Any = open_sync(self.rpc_url).provider.make_request(method, list(params))  # type: ignore[arg-type]
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]


def _environment() -> dict[str, str]:
    return {"PYTHONPATH": str(ROOT)}
