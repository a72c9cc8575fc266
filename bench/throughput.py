"""Verdicts a second, what each costs an operator, and blocks to wait at a steady rate: operators, vault and Anvil as processes.

python -m bench.throughput [--requests 2000] [--anchored 1000] [--rate 50 --seconds 20]     prints tables, writes bench/out/throughput.json
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import requests
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.table import Table

from bench.sampling import Profile, cpu_s
from deploy.asking import Asker, Signed
from deploy.devnet import Devnet, DevnetOptions
from deploy.story import BUILD
from oracle.core.errors import AssentError
from oracle.core.structs import Delivery, RequestState

OUT = Path(__file__).resolve().parent / "out" / "throughput.json"
_WAIT_S = 240.0
_LOOK_S = 0.25
#: What the operators counted, all together, for each verdict.
_COUNTED = ("assent_reports_proposed", "assent_reports_signed", "assent_reports_declined", "assent_transactions")
_WORK = {"batch_size": 64, "report_max": 128}


def burst(devnet: Devnet, asker: Asker, count: int, delivery: Delivery) -> dict[str, Any]:
    """Ask all at once; return how fast verdicts came, and what they cost."""
    asked = asker.sign(count, delivery=delivery)
    names = [operator.name for operator in devnet.operators]
    before = {name: cpu_s(devnet.processes[name].pid) for name in (*names, "vault", "anvil")}
    counted = _counts(devnet)
    started = time.monotonic()
    with Profile(devnet.processes[names[0]].pid, OUT.parent / f"profile-{delivery.name.lower()}.txt") as profile:
        asker.send(asked)
        done, last = _wait(asker, asked, delivery, started)
    used = {name: cpu_s(devnet.processes[name].pid) - before[name] for name in before}
    per_verdict = {name: round(1_000 * spent / max(done, 1), 3) for name, spent in used.items()}
    return {
        "delivery": delivery.name.lower(),
        "requests": count,
        "verdicts": done,
        "seconds": round(last, 2),
        "verdictsPerS": round(done / last, 1) if done else 0,
        "cpuMsPerVerdict": per_verdict,
        "cpuMsPerVerdictAll": round(sum(per_verdict.values()), 2),
        "counts": dict((_counts(devnet) - counted).most_common()),
        "shares": profile.shares(),
        "top": profile.top(),
    }


def _counts(devnet: Devnet) -> Counter[str]:
    counts: Counter[str] = Counter()
    for operator in devnet.operators:
        text = requests.get(f"{operator.endpoint}/metrics", timeout=30).text
        for sample in (sample for family in text_string_to_metric_families(text) for sample in family.samples):
            name = sample.name.removesuffix("_total")
            if name in _COUNTED:
                counts[" ".join([name, *sample.labels.values()])] += int(sample.value)
    return counts


def _wait(asker: Asker, asked: Sequence[Signed], delivery: Delivery, started: float) -> tuple[int, float]:
    """Wait until all have their verdict; return how many do, and the seconds until the last one came."""
    done, last = 0, 0.001
    while done < len(asked) and time.monotonic() - started < _WAIT_S:
        time.sleep(_LOOK_S)
        now = asker.anchored() if delivery is Delivery.ANCHORED else _recorded(asker, asked)
        if now > done:
            done, last = now, time.monotonic() - started
    return done, last


def _recorded(asker: Asker, asked: Sequence[Signed]) -> int:
    return sum(each.state is RequestState.RECORDED for each in asker.endings(asked).values())


def steady(asker: Asker, rate: int, seconds: int) -> dict[str, Any]:
    """Ask at a steady rate; return blocks from request to verdict."""
    asked = asker.sign(rate * seconds)
    started = time.monotonic()
    for second in range(seconds * 10):
        time.sleep(max(started + second / 10 - time.monotonic(), 0))
        asker.send(asked[second * rate // 10 : (second + 1) * rate // 10])
    _wait(asker, asked, Delivery.RECORDED, started)
    endings = [each for each in asker.endings(asked).values() if each.state is RequestState.RECORDED]
    blocks = sorted(each.block - each.asked_block for each in endings)
    at = {
        f"p{share}": blocks[min(len(blocks) * share // 100, len(blocks) - 1)] if blocks else None for share in (50, 95)
    }
    return {"rate": rate, "seconds": seconds, "requests": len(asked), "verdicts": len(blocks), **at}


def show(results: dict[str, Any], console: Console) -> None:
    """Print the tables."""
    table = Table(
        "delivery", "verdicts", "a second", "CPU ms each: operators", "vault", "anvil", box=None, padding=(0, 2)
    )
    for each in results["bursts"]:
        cpu = dict(each["cpuMsPerVerdict"])
        others = [f"{cpu.pop(name):.2f}" for name in ("vault", "anvil")]
        operators = " ".join(f"{spent:.2f}" for spent in cpu.values())
        table.add_row(each["delivery"], str(each["verdicts"]), f"{each['verdictsPerS']:g}", operators, *others)
    console.print(table)
    for each in results["bursts"]:
        console.print(f"  {each['delivery']}: share of an operator's time: {each['shares']}")
        console.print(f"  {each['delivery']}: all operators together: {each['counts']}")
        for place, share in each["top"]:
            console.print(f"    [dim]{share:6.1%} {place}[/]")
    steady_ = results["steady"]
    if steady_:
        console.print(
            f"  at {steady_['rate']}/s: {steady_['verdicts']} verdicts; blocks to wait p50 {steady_['p50']}, p95 {steady_['p95']}"
        )


def main() -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=2_000, help="recorded one by one or many at once")
    parser.add_argument("--anchored", type=int, default=1_000, help="recorded under a root")
    parser.add_argument("--rate", type=int, default=50, help="requests a second")
    parser.add_argument("--seconds", type=int, default=20, help="0 leaves the steady rate out")
    arguments = parser.parse_args()
    console = Console(highlight=False)
    folder = BUILD / "throughput"
    shutil.rmtree(folder, ignore_errors=True)
    asked = arguments.requests + arguments.anchored + arguments.rate * arguments.seconds
    try:
        with Devnet(DevnetOptions(folder, work=_WORK), lambda line: console.print(f"  [dim]{line}[/]")) as devnet:
            asker = Asker(devnet, uses=asked)
            bursts = [(Delivery.RECORDED, arguments.requests), (Delivery.ANCHORED, arguments.anchored)]
            results: dict[str, Any] = {
                "bursts": [burst(devnet, asker, count, delivery) for delivery, count in bursts if count],
                "steady": steady(asker, arguments.rate, arguments.seconds) if arguments.seconds else None,
            }
    except AssentError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    show(results, console)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(results, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
