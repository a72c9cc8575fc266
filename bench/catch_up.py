"""Catching up over many missed requests, beside a bare loop that only fetches and decodes the same logs.

python -m bench.catch_up [--requests 5000]     prints a table, writes bench/out/catch_up.json
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.sampling import memory_mib
from deploy.asking import Asker
from deploy.devnet import Devnet, DevnetOptions
from deploy.story import BUILD
from oracle.chain.rpc import ChainReader, open_async
from oracle.core.errors import AssentError
from oracle.services.watcher import Watcher
from oracle.settings import load_node_settings
from oracle.store.node_store import NodeStore
from oracle.store.tables import open_database
from oracle.telemetry.metrics import Metrics

OUT = Path(__file__).resolve().parent / "out" / "catch_up.json"
_REPEAT = 3


async def bare(config: Path) -> tuple[int, float]:
    """Fetch and decode all logs, in the ranges that a node uses; return how many, and the seconds."""
    chain = load_node_settings(config).chain
    web3 = open_async(chain.rpc_url)
    reader = ChainReader(web3, chain.contract, chain.chain_id)
    started, count, first = time.perf_counter(), 0, chain.start_block
    head = await reader.head("latest")
    while first <= head.number:
        last = min(first + chain.range_blocks - 1, head.number)
        count += len(await reader.events(first, await reader.block(last)))
        first = last + 1
    spent = time.perf_counter() - started
    await web3.provider.disconnect()
    return count, spent


async def whole(config: Path, database: Path) -> tuple[int, float]:
    """Let a node's watcher catch up into an empty database; return how many requests it has then, and the seconds."""
    chain = load_node_settings(config).chain
    database.unlink(missing_ok=True)
    store = NodeStore(open_database(f"sqlite:///{database}"))
    store.bind(chain.chain_id, chain.contract)
    web3 = open_async(chain.rpc_url)
    watcher = Watcher(ChainReader(web3, chain.contract, chain.chain_id), store, chain, Metrics())
    started = time.perf_counter()
    found = await watcher.catch_up()
    spent = time.perf_counter() - started
    await web3.provider.disconnect()
    store.close()
    return found.requests, spent


def measure(devnet: Devnet, requests: int) -> dict[str, Any]:
    """Have requests made while all nodes are down, then read them, both ways in turn."""
    asker = Asker(devnet, uses=requests)
    for operator in devnet.operators:
        devnet.processes.stop(operator.name)
    for start in range(0, requests, 400):
        asker.send(asker.sign(min(400, requests - start)))
    while asker.pending():
        time.sleep(0.2)
    config = devnet.operators[0].config
    bares, wholes = [], []
    for _ in range(_REPEAT):
        events, spent = asyncio.run(bare(config))
        bares.append(spent)
        found, spent = asyncio.run(whole(config, BUILD / "catch_up" / "fresh.db"))
        wholes.append(spent)
    return {
        "requests": found,
        "events": events,
        "bareS": round(min(bares), 3),
        "nodeS": round(min(wholes), 3),
        "ratio": round(min(bares) / min(wholes), 3),
        "anvilMiB": round(memory_mib(devnet.processes["anvil"].pid)),
    }


def main() -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=5_000)
    arguments = parser.parse_args()
    console = Console(highlight=False)
    folder = BUILD / "catch_up"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        with Devnet(DevnetOptions(folder), lambda line: console.print(f"  [dim]{line}[/]")) as devnet:
            result = measure(devnet, arguments.requests)
    except AssentError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    table = Table("requests", "fetch and decode, s", "node, s", "ratio", box=None, padding=(0, 2))
    table.add_row(str(result["requests"]), f"{result['bareS']:g}", f"{result['nodeS']:g}", f"{result['ratio']:g}")
    console.print(table)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(result, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
