"""What commands print: tables for people, JSON for programs, errors in one clean message."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from oracle.core.errors import (
    AssentError,
    ConfigurationError,
    ContractRevertError,
    DocumentError,
    RefusalError,
    SigningKeyError,
    WrongChainError,
)
from oracle.core.purposes import UnknownPurposeError

FAILED, MISUSED = 1, 2
#: The year 9999 has begun everywhere, and ended nowhere.
_LAST_TIME_S = 253_370_851_200
_MISUSE = (ConfigurationError, SigningKeyError, UnknownPurposeError, WrongChainError)


def local_time(seconds: int) -> str | None:
    """Return a time (Unix seconds) as people read it where they are; None for 0, which stands for none."""
    from datetime import datetime  # noqa: PLC0415

    # No later time has a name, and anyone may write one on chain.
    at = datetime.fromtimestamp(min(seconds, _LAST_TIME_S)).astimezone()
    return at.strftime("%Y-%m-%d %H:%M:%S %Z") if seconds else None


def hexed(value: bytes) -> str:
    """Return bytes as 0x-hex."""
    return "0x" + value.hex()


def print_json(data: Any) -> None:
    """Print JSON values to standard output."""
    typer.echo(json.dumps(data, indent=2, ensure_ascii=False))


def print_facts(data: Mapping[str, Any], as_json: bool) -> None:
    """Print one thing's facts: as JSON, or name by name."""
    if as_json:
        print_json(data)
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in data.items():
        table.add_row(plain(name), plain(value))
    Console().print(table)


def print_rows(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    """Print many things: as a JSON list, or as a table with these of their members as columns."""
    if as_json:
        print_json(list(rows))
        return
    table = Table(*columns, header_style="bold")
    for row in rows:
        table.add_row(*(plain(row[column]) for column in columns))
    Console().print(table)


def print_stream(name: str, rows: Iterable[Mapping[str, Any]], rest: Callable[[], Mapping[str, Any]]) -> None:
    """Print a JSON object with a list of any length, as it comes, and then what is known when the list has ended."""
    typer.echo(f'{{\n  "{name}": [', nl=False)
    for place, row in enumerate(rows):
        typer.echo(("," if place else "") + "\n    " + json.dumps(row, ensure_ascii=False), nl=False)
    typer.echo("\n  ]", nl=False)
    for key, value in rest().items():
        typer.echo(f",\n  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}", nl=False)
    typer.echo("\n}")


def plain(value: Any) -> Text:
    """Write a value without markup and control characters: strangers wrote some of what the chain holds."""
    if isinstance(value, Mapping):
        value = ", ".join(f"{name} {each}" for name, each in value.items())
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    text = "-" if value is None or value == "" else str(value)
    return Text("".join(character if character.isprintable() else "?" for character in text), overflow="fold")


def print_error(error: AssentError, as_json: bool) -> None:
    """Print an error to standard error, in one message."""
    if as_json:
        print(json.dumps({"error": error_json(error)}), file=sys.stderr)
        return
    problems = error.problems if isinstance(error, ConfigurationError) else (str(error),)
    lines = [plain(line).plain for problem in problems for line in problem.splitlines()]
    print("error: " + "\n       ".join(lines), file=sys.stderr)


def error_json(error: AssentError) -> dict[str, Any]:
    """Return an error as JSON values: its kind, its message, and what it carries."""
    data: dict[str, Any] = {"kind": type(error).__name__, "message": str(error)}
    if isinstance(error, ConfigurationError | DocumentError):
        data["problems"] = list(error.problems)
    if isinstance(error, RefusalError):
        data["reason"] = error.reason.value
    if isinstance(error, ContractRevertError):
        arguments = {key: str(value) for key, value in error.arguments.items()}
        data["revert"] = {"name": error.name, "arguments": arguments, "remedy": error.remedy}
    return data


def status_of(error: AssentError) -> int:
    """Return the exit status that an error stands for."""
    return MISUSED if isinstance(error, _MISUSE) else FAILED
