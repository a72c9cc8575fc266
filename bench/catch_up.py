"""How fast a node reads what it missed, beside a bare loop that only fetches and decodes the same logs from the same Anvil.

python -m bench.catch_up [--requests 100000] [--rounds 3]     prints a table, writes bench/out/catch_up.json
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from web3 import AsyncWeb3, Web3
from web3.types import LogReceipt, RPCEndpoint

from deploy.asking import Asker
from deploy.devnet import Devnet, DevnetOptions
from deploy.processes import ProcessError
from deploy.story import BUILD
from oracle.chain.abi import Event, artifact, decode_log, event_topic
from oracle.chain.pool import EndpointPool
from oracle.chain.rpc import ChainReader, Head, LogKey, log_of, open_async, open_sync
from oracle.chain.transport import KeptHttpProvider
from oracle.core.addresses import Addresses
from oracle.core.digests import Domain
from oracle.core.errors import AssentError
from oracle.services.watcher import Watcher
from oracle.settings import ChainSettings
from oracle.store.node_store import NodeStore
from oracle.store.tables import open_database
from oracle.telemetry.metrics import Metrics

OUT = Path(__file__).resolve().parent / "out" / "catch_up.json"
_AT_ONCE = 5_000


def miss(devnet: Devnet, asker: Asker, count: int, console: Console) -> None:
    """Have requests asked while no node runs."""
    provider = open_sync(devnet.rpc_url).provider
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("asking", total=count)
        for start in range(0, count, _AT_ONCE):
            some = min(_AT_ONCE, count - start)
            asker.send(asker.sign(some, deadline_s=6 * 86_400))
            while asker.pending():
                provider.make_request(RPCEndpoint("evm_mine"), [])
            progress.advance(task, some)


class NotingReader(ChainReader):
    """Notes which ranges were asked for."""

    def __init__(self, web3: AsyncWeb3[EndpointPool], addresses: Addresses, chain_id: int) -> None:
        super().__init__(web3, addresses, chain_id)
        self.ranges: list[tuple[int, int]] = []

    async def events(self, first: int, last: Head, seen: Set[LogKey] | None = None) -> list[Event]:
        """As ChainReader's."""
        if seen is None:  # not the second look that a node takes at the newest blocks
            self.ranges.append((first, last.number))
        return await super().events(first, last, seen)


async def node(settings: ChainSettings, database: Path) -> tuple[float, int, list[tuple[int, int]]]:
    """Catch up as a node does; return the seconds that it took, how many requests there were, and the ranges asked for."""
    web3, metrics = open_async(settings.rpc_url), Metrics()
    reader = NotingReader(web3, settings.addresses, settings.chain_id)
    store = NodeStore(open_database(f"sqlite:///{database}"))
    store.bind(Domain(settings.chain_id, settings.contract))
    watcher = Watcher(reader, store, settings, metrics)
    try:
        started = time.perf_counter()
        found = await watcher.catch_up()
        return time.perf_counter() - started, found.requests, reader.ranges
    finally:
        store.close()
        await web3.provider.disconnect()


Decode = Callable[[LogReceipt], str | None]


def by_node(log: LogReceipt) -> str | None:
    """Decode as nodes do; return the event's name."""
    event = decode_log(log)
    return event.name if event else None


def by_web3() -> Decode:
    """Return what decodes as web3 does."""
    contract = Web3().eth.contract(abi=artifact()["abi"])
    events = {event_topic(name): contract.events[name]() for name in ("Requested", "EpochSet")}

    def decode(log: LogReceipt) -> str | None:
        event = events.get("0x" + bytes(log["topics"][0]).hex())
        return event.process_log(log)["event"] if event else None

    return decode


async def bare(settings: ChainSettings, ranges: Sequence[tuple[int, int]], decode: Decode) -> tuple[float, int]:
    """Fetch and decode the same ranges, nothing else; return the seconds that it took, and how many requests there were."""
    provider = KeptHttpProvider(settings.rpc_url)
    requests = 0
    try:
        started = time.perf_counter()
        for first, last in ranges:
            query = {"address": settings.contract, "fromBlock": hex(first), "toBlock": hex(last)}
            answer: Any = await provider.make_request(RPCEndpoint("eth_getLogs"), [query])
            requests += [decode(log_of(each)) for each in answer["result"]].count("Requested")
        return time.perf_counter() - started, requests
    finally:
        await provider.disconnect()


@contextmanager
def quiet() -> Iterator[None]:
    """Leave out what a node logs: where that goes is another program's speed."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    try:
        yield
    finally:
        structlog.configure(**before)


def measure(devnet: Devnet, folder: Path, rounds: int) -> dict[str, Any]:
    """Let node and bare loops take turns; return medians of requests a second, and the node's share of the loops' in each round."""
    deployment = devnet.deployment
    if deployment is None:
        raise ProcessError("the devnet isn't up")
    settings = ChainSettings(
        rpc_url=devnet.rpc_url,
        chain_id=deployment.chain_id,
        contract=deployment.contract,
        committee=deployment.committee,
        records=deployment.records,
        start_block=deployment.block,
        finality="latest",
    )
    speeds: list[dict[str, float]] = []
    for place in range(rounds):
        with quiet():
            spent, requests, ranges = asyncio.run(node(settings, folder / f"node{place}.db"))
            found = {name: asyncio.run(bare(settings, ranges, decode)) for name, decode in _decoders().items()}
        if not requests or {same for _, same in found.values()} != {requests}:
            raise AssertionError(f"the node found {requests} requests, the bare loops {found}")
        speeds.append({"node": requests / spent, **{name: requests / took for name, (took, _) in found.items()}})
    return {
        "requests": requests,
        "ranges": len(ranges),
        "perS": {name: round(statistics.median(each[name] for each in speeds)) for name in speeds[0]},
        "ratios": {name: [round(each["node"] / each[name], 3) for each in speeds] for name in _decoders()},
    }


def _decoders() -> dict[str, Decode]:
    return {"decoding as the node does": by_node, "decoding as web3 does": by_web3()}


def main() -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=100_000, help="missed while no node ran")
    parser.add_argument("--rounds", type=int, default=3, help="node and bare loop take turns so often")
    arguments = parser.parse_args()
    console = Console(highlight=False)
    folder = BUILD / "catch-up"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        with Devnet(DevnetOptions(folder), lambda line: console.print(f"  [dim]{line}[/]")) as devnet:
            asker = Asker(devnet, uses=arguments.requests)
            for operator in devnet.operators:
                devnet.processes.stop(operator.name)
            miss(devnet, asker, arguments.requests, console)
            results = measure(devnet, folder, arguments.rounds)
    except AssentError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    table = Table("who reads", "requests a second", "node's speed / that", box=None, padding=(0, 2))
    for name, speed in results["perS"].items():
        ratios = results["ratios"].get(name)
        shown = f"{statistics.median(ratios):.2f} ({', '.join(f'{each:.2f}' for each in ratios)})" if ratios else ""
        table.add_row(name if name == "node" else f"bare loop, {name}", str(speed), shown)
    console.print(table)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(results, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
