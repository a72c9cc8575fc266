"""How ``assent node status`` shows a node: tables for people, made from what ``/v1/status`` answers."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from oracle.cli.output import plain

_WEI = 10**18
_SHOWN = 8


def render(status: Mapping[str, Any]) -> RenderableType:
    """Return the whole picture. Nothing of it is markup: strangers wrote some of it."""
    parts: list[RenderableType] = [_heading(status), _facts(status)]
    if status["peers"]:
        parts.append(_peers(status["peers"]))
    if status["waiting"]:
        parts.append(_rows("waiting", ("request", "stage", "attempts", "reason", "message"), status["waiting"]))
    if status["errors"]:
        errors = [{**each, "at": _ago(time.time() - each["at"])} for each in reversed(status["errors"])]
        parts.append(_rows("failed rounds", ("at", "service", "error"), errors))
    return Group(*parts)


def _heading(status: Mapping[str, Any]) -> Text:
    heading = Text()
    heading.append("ready" if status["ready"] else "NOT READY", style="bold green" if status["ready"] else "bold red")
    heading.append(
        f"  assent {plain(status['version']).plain}  chain {status['chainId']}  {', '.join(status['attesters'])}"
    )
    for condition in status["conditions"]:
        if not condition["met"]:
            heading.append("\n  " + plain(condition["reason"]).plain, style="red")
    return heading


def _facts(status: Mapping[str, Any]) -> Table:
    head, oldest, epoch, sender = status["head"], status["oldest"], status["epoch"], status["sender"]
    facts = {
        "head": f"{head['block']} ({head['finality']}), {_age(head['ageSeconds'])} old, read {_age(head['readSecondsAgo'])} ago",
        "requests": status["requests"] or "none",
        "oldest open": f"{oldest['ageBlocks']} blocks, {_age(oldest['ageSeconds'])}" if oldest else "none",
        "waiting for vaults": status["vaultWaits"],
        "transactions": status["transactions"] or "none",
        "sender": f"{sender['address']}  {_ether(sender['balanceWei'])} ETH, enough for {_or(sender['verdicts'])} verdicts",
        "epoch": f"{epoch['number']}, {_place(epoch)}" if epoch else "not known yet",
        "models": f"{status['models']['runnable']} run of {status['models']['published']} published",
        "disk free": "-" if status["diskFreeBytes"] is None else f"{status['diskFreeBytes'] / 2**30:.1f} GiB",
        "looked at": f"{_age(status['surveyAgeSeconds'])} ago, up {_age(time.time() - status['startedAt'])}",
    }
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in facts.items():
        table.add_row(name, plain(value))
    return table


def _peers(peers: Sequence[Mapping[str, Any]]) -> Table:
    rows = [
        {
            "peer": each["attester"],
            "endpoint": each["endpoint"],
            "asked": each["asked"],
            "missed": each["missed"],
            "in a row": each["missedInARow"],
            "seen": _ago(time.time() - each["lastSeen"]) if each["lastSeen"] else "-",
            "answers in": f"{each['answerSeconds'] * 1000:.0f} ms" if each["answerSeconds"] is not None else "-",
        }
        for each in peers
    ]
    return _table("peers", ("peer", "endpoint", "asked", "missed", "in a row", "seen", "answers in"), rows)


def _rows(title: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Table:
    return _table(title, columns, rows[:_SHOWN])


def _table(title: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(*columns, title=title, title_justify="left", header_style="bold")
    for row in rows:
        table.add_row(*(plain(row[column]) for column in columns))
    return table


def _place(epoch: Mapping[str, Any]) -> str:
    if epoch["index"] is not None:
        return f"seat {epoch['index']} of {epoch['members']}, {epoch['reserve']} in reserve"
    if epoch["reserve_index"] is not None:
        return f"number {epoch['reserve_index']} of {epoch['reserve']} in reserve, behind {epoch['members']} seats"
    return f"not on the roll: {epoch['members']} seats, {epoch['reserve']} in reserve"


def _ether(wei: str | None) -> str:
    return "?" if wei is None else f"{int(wei) / _WEI:.4f}"


def _or(value: object) -> object:
    return "?" if value is None else value


def _ago(seconds: float) -> str:
    return f"{_age(seconds)} ago"


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "never"
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.1f} s"
