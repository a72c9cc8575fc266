"""A node's memory while it reads very many events: requests and their verdicts, out of a chain that is made up as it is asked for.

python -m bench.memory [--events 1000000]     prints a table and the slope, writes bench/out/memory.json

Real are watcher, decoding, store and database; an endpoint in another process makes up the blocks, since Anvil would take hours. How
memory does under whole verdicts, bench.throughput tells.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from aiohttp import web
from eth_abi import encode
from eth_utils import event_abi_to_log_topic, keccak
from eth_utils.abi import collapse_if_tuple
from rich.console import Console
from rich.table import Table

from bench.catch_up import quiet
from bench.sampling import memory_mib
from deploy.story import BUILD
from oracle.chain.abi import artifact
from oracle.chain.rpc import ChainReader, open_async
from oracle.core.digests import Domain
from oracle.core.structs import Agreement, Model, Question, Record, Step, Summary, request_id
from oracle.services.watcher import Watcher
from oracle.settings import ChainSettings
from oracle.store.node_store import NodeStore
from oracle.store.tables import open_database
from oracle.telemetry.metrics import Metrics

OUT = Path(__file__).resolve().parent / "out" / "memory.json"
_CHAIN_ID, _CONTRACT = 31_337, "0x" + "c0" * 20
_NOBODY, _ETHER = "0x" + "11" * 20, "0x" + "00" * 20
_DEADLINE = 2_000_000_000
#: So many requests, and as many verdicts, are in each block; a verdict comes so many blocks after its request.
_REQUESTS, _WAIT_BLOCKS = 20, 10
_STEPS = 20

# The chain that is made up


def _events() -> Mapping[str, dict[str, Any]]:
    return {entry["name"]: entry for entry in artifact()["abi"] if entry["type"] == "event"}


class MadeUp:
    """Blocks of requests about one agreement, each with its verdict some blocks later."""

    def __init__(self) -> None:
        model = Model(
            publisher=_NOBODY, files=keccak(b"f"), inputs=keccak(b"i"), outcomes=keccak(b"o"), outcome_count=2, quorum=3,
            tolerance=1_000, fee=1, currency=_ETHER, royalty=0,
        )  # fmt: skip
        agreement = Agreement(
            controller=_NOBODY, subject=_NOBODY, holder=_NOBODY, root=keccak(b"r"), notice=bytes(32), salt=bytes(32),
            model=model.id, purposes=1, prohibited=0, steps=0b11, modifiers=0, place=0, language=bytes(2), erasure=False,
            disclosure=3, valid_from=0, valid_until=_DEADLINE, uses=2**16 - 1,
            price=0,
        )  # fmt: skip
        record = Record(agreement.root, _NOBODY, _NOBODY)
        self._agreement = agreement
        self._known = _events()
        self._first: list[tuple[str, dict[str, Any]]] = [
            ("RecordCommitted", {"id": record.id, "root": record.root, "subject": _NOBODY, "holder": _NOBODY, "vault": ""}),
            ("ModelPublished", {"id": model.id, "publisher": _NOBODY, "model": model.to_abi(), "uri": ""}),
            ("AgreementGiven", agreement.to_given()),
        ]  # fmt: skip

    def hash(self, number: int) -> str:
        """Return a block's hash."""
        return "0x" + keccak(number.to_bytes(32, "big")).hex()

    def logs(self, number: int) -> list[dict[str, Any]]:
        """Return a block's logs as JSON-RPC has them."""
        if number == 0:
            found = self._first
        else:
            asked = [self._id(number, place) for place in range(_REQUESTS)]
            question = Question(0, _DEADLINE, 0, int(Step.INFER)).pack()
            found = [
                ("Requested", {"id": each, "agreement": self._agreement.id, "question": question}) for each in asked
            ]
            verdict: dict[str, Any] = {"summary": Summary(0b111, 1, 1, 900_000).pack(), "trail": keccak(b"t")}
            told = (
                [self._id(number - _WAIT_BLOCKS, place) for place in range(_REQUESTS)] if number > _WAIT_BLOCKS else []
            )
            found += [("Recorded", {"id": each, **verdict}) for each in told]
        return [self._log(number, index, *each) for index, each in enumerate(found)]

    def _id(self, number: int, place: int) -> bytes:
        return request_id(self._agreement.id, number * _REQUESTS + place)

    def _log(self, number: int, index: int, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        entry = self._known[name]
        topics, types, values = [event_abi_to_log_topic(entry)], [], []  # type: ignore[arg-type]
        for each in entry["inputs"]:
            value, kind = arguments[each["name"]], collapse_if_tuple(each)
            if each["indexed"]:
                topics.append(encode([kind], [value]))
            else:
                types.append(kind)
                values.append(value)
        return {
            "address": _CONTRACT,
            "topics": ["0x" + bytes(topic).hex() for topic in topics],
            "data": "0x" + encode(types, values).hex(),
            "blockNumber": hex(number),
            "blockHash": self.hash(number),
            "transactionHash": "0x" + keccak(f"{number}/{index}".encode()).hex(),
            "transactionIndex": hex(index),
            "logIndex": hex(index),
        }


class Endpoint:
    """Serves the chain over JSON-RPC, up to a head that ``/head/N`` sets."""

    def __init__(self) -> None:
        self._chain = MadeUp()
        self._head = 0
        self._methods: dict[str, Callable[[list[Any]], Any]] = {
            "eth_chainId": lambda _: hex(_CHAIN_ID),
            "eth_getBlockByNumber": lambda params: self._block(params[0]),
            "eth_getLogs": lambda params: self._logs(params[0]),
        }

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a call."""
        call = await request.json()
        return web.json_response(
            {"jsonrpc": "2.0", "id": call["id"], "result": self._methods[call["method"]](call["params"])}
        )

    async def set_head(self, request: web.Request) -> web.Response:
        """Let the chain have grown."""
        self._head = int(request.match_info["number"])
        return web.Response()

    def _block(self, which: str) -> dict[str, Any] | None:
        number = self._head if which == "latest" else int(which, 16)
        if number > self._head:
            return None
        parent = self._chain.hash(number - 1) if number else "0x" + "00" * 32
        return {
            "number": hex(number),
            "hash": self._chain.hash(number),
            "parentHash": parent,
            "timestamp": hex(1_700_000_000 + number),
            "extraData": "0x",
        }

    def _logs(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        first, last = int(query["fromBlock"], 16), int(query["toBlock"], 16)
        return [log for number in range(first, last + 1) for log in self._chain.logs(number)]


def serve(ready: Connection) -> None:
    """Serve until ended; tell the port when it listens."""

    async def run() -> None:
        endpoint, app = Endpoint(), web.Application()
        app.add_routes([web.post("/", endpoint.answer), web.put("/head/{number}", endpoint.set_head)])
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        ready.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(run())


# The node


async def measure(port: int, folder: Path, blocks: int, console: Console) -> list[tuple[int, float]]:
    """Read the chain as it grows; return events read and MiB held, after each step."""
    import httpx  # noqa: PLC0415  not in the endpoint's process

    url = f"http://127.0.0.1:{port}"
    settings = ChainSettings(
        rpc_url=url,
        chain_id=_CHAIN_ID,
        contract=_CONTRACT,
        committee=_CONTRACT,
        records=_CONTRACT,
        finality="latest",
        range_blocks=100,
        reread_blocks=10,
    )
    web3 = open_async(url)
    store = NodeStore(open_database(f"sqlite:///{folder / 'node.db'}"))
    store.bind(Domain(_CHAIN_ID, _CONTRACT))
    watcher = Watcher(ChainReader(web3, settings.addresses, _CHAIN_ID), store, settings, Metrics())
    found, started = [], time.monotonic()
    async with httpx.AsyncClient() as control:
        for step in range(1, _STEPS + 1):
            head = blocks * step // _STEPS
            (await control.put(f"{url}/head/{head}")).raise_for_status()
            await watcher.catch_up()
            events = (2 * head - min(head, _WAIT_BLOCKS)) * _REQUESTS
            found.append((events, memory_mib(os.getpid())))
            console.print(f"  [dim]{events} events, {found[-1][1]:.1f} MiB, {time.monotonic() - started:.0f} s[/]")
    store.close()
    await web3.provider.disconnect()
    return found


def main() -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000, help="requests and verdicts together")
    arguments = parser.parse_args()
    console = Console(highlight=False)
    folder = BUILD / "memory"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    spawn = multiprocessing.get_context("spawn")
    ready, told = spawn.Pipe()
    endpoint = spawn.Process(target=serve, args=(told,), daemon=True)
    endpoint.start()
    try:
        with quiet():
            found = asyncio.run(measure(ready.recv(), folder, arguments.events // (2 * _REQUESTS), console))
    finally:
        endpoint.kill()
        endpoint.join()
    later = found[len(found) // 2 :]
    slope = statistics.linear_regression(*zip(*later, strict=True)).slope * 1_000_000
    table = Table(
        "events", "MiB after a tenth", "MiB at the end", "slope, MiB per million events", box=None, padding=(0, 2)
    )
    tenth = found[len(found) // 10]
    table.add_row(str(found[-1][0]), f"{tenth[1]:.1f}", f"{found[-1][1]:.1f}", f"{slope:.1f} (second half)")
    console.print(table)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps({"samples": found, "slopeMibPerMillion": round(slope, 2)}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
