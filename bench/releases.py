"""Releases a second of a vault: four attesters ask for the fields of open requests, in batches; Anvil and vault as processes.

python -m bench.releases [--requests 500]     prints a table, writes bench/out/releases.json
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests
from rich.console import Console
from rich.table import Table

from bench.sampling import Profile, cpu_s
from deploy.asking import Asker, Signed
from deploy.devnet import Devnet, DevnetOptions, OperatorNode
from deploy.story import BUILD
from oracle.core.errors import AssentError
from oracle.core.structs import RequestState
from oracle.data.ask import MAX_ASKS, Ask, ask_digest
from oracle.keys.keystore import read_signer

OUT = Path(__file__).resolve().parent / "out" / "releases.json"
_ASK_VALID_S, _WAIT_S = 250, 120


def asks_of(devnet: Devnet, operator: OperatorNode, asked: list[Signed]) -> list[dict[str, Any]]:
    """Return an operator's asks for the fields of requests, signed."""
    client, folder = devnet.client(devnet.accounts.controller), operator.config.parent
    signer = read_signer(folder / "attester.json", folder / "password")
    epoch, deadline = client.contract.current_epoch().call().number, int(time.time()) + _ASK_VALID_S
    signed = ((each.id, signer.sign(ask_digest(client.domain, each.id, epoch, deadline))) for each in asked)
    return [Ask(identity, epoch, deadline, signature).to_json() for identity, signature in signed]


def ask(url: str, asks: list[dict[str, Any]]) -> int:
    """Send one operator's asks, batch by batch; return how many were answered with fields."""
    session, released = requests.Session(), 0
    for start in range(0, len(asks), MAX_ASKS):
        answer = session.post(url, json={"asks": asks[start : start + MAX_ASKS]}, timeout=60)
        released += sum("sealed" in each for each in answer.json()["answers"])
    return released


def measure(devnet: Devnet, count: int) -> dict[str, Any]:
    """Ask for everything of ``count`` requests, as all operators at once; return how fast it came, and what it cost the vault."""
    for operator in devnet.operators:
        devnet.processes.stop(operator.name)  # so that the requests stay open, and nobody else asks
    asker = Asker(devnet, uses=count)
    asked = asker.sign(count)
    asker.send(asked)
    give_up = time.monotonic() + _WAIT_S
    while any(each.state is RequestState.NONE for each in asker.endings(asked).values()):
        if time.monotonic() > give_up:
            raise AssentError("the requests weren't mined")
        time.sleep(0.5)
    everyones = [asks_of(devnet, operator, asked) for operator in devnet.operators]
    pid, url = devnet.processes["vault"].pid, f"{devnet.vault_url}/v1/releases/batch"
    before, started = cpu_s(pid), time.monotonic()
    with Profile(pid, OUT.parent / "profile-vault.txt") as profile, ThreadPoolExecutor(len(everyones)) as threads:
        released = sum(threads.map(lambda asks: ask(url, asks), everyones))
        took_s = time.monotonic() - started
        spent_s = cpu_s(pid) - before
    return {
        "requests": count,
        "asks": sum(map(len, everyones)),
        "released": released,
        "seconds": round(took_s, 2),
        "releasesPerS": round(released / took_s, 1),
        "cpuMsPerRelease": round(1_000 * spent_s / max(released, 1), 2),
        "shares": profile.shares(),
        "top": profile.top(),
    }


def main() -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=500, help="each is asked for by all four operators")
    arguments = parser.parse_args()
    console, folder = Console(highlight=False), BUILD / "releases"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        with Devnet(DevnetOptions(folder), lambda line: console.print(f"  [dim]{line}[/]")) as devnet:
            found = measure(devnet, arguments.requests)
    except AssentError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    table = Table("asks", "released", "seconds", "a second", "CPU ms each", box=None, padding=(0, 2))
    table.add_row(*(str(found[name]) for name in ("asks", "released", "seconds", "releasesPerS", "cpuMsPerRelease")))
    console.print(table)
    console.print(f"  share of the vault's time: {found['shares']}")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(found, indent=1) + "\n")
    return 0 if found["released"] == found["asks"] else 1


if __name__ == "__main__":
    sys.exit(main())
