"""``assent audit``: rebuild a verdict, and say of each link whether it holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oracle.cli.options import Id, Link, reads
from oracle.cli.output import FAILED, plain, print_json
from oracle.core.errors import ConfigurationError

if TYPE_CHECKING:
    from oracle.audit import AuditReport, Check

EPILOG = "Example: assent audit 0x5d…c1 --node https://node.example --release release.json --model build/screening"


@reads
def command(
    link: Link,
    request_id: Id,
    node: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="Node to fetch the trail from; repeatable.")
    ] = None,
    release: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The fields, as `assent vault release` wrote them.")
    ] = None,
    model: Annotated[
        list[Path] | None, typer.Option(exists=True, file_okay=False, help="The model's package, to run it again.")
    ] = None,
) -> None:
    """Rebuild a recorded verdict from chain, trail and, if given, its fields. Exit status 1 means that a link doesn't hold."""
    from oracle.audit import audit  # noqa: PLC0415
    from oracle.models.package import ModelPackage  # noqa: PLC0415

    link.client.request_terms(request_id)  # raises, if there is none
    packages = [ModelPackage.load(folder) for folder in model or ()]
    report = audit(link.client, request_id, nodes=node, release=_read(release), packages=packages)
    if link.as_json:
        print_json(report.to_json())
    else:
        _print(report)
    if not report.passed:
        raise typer.Exit(FAILED)


def _read(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise ConfigurationError([f"{path}: not a release as `assent vault release` writes it"])
    return data


def _print(report: AuditReport) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table("check", "result", "what was found", header_style="bold")
    for check in report.checks:
        table.add_row(check.name.value, _result(check), plain(check.detail))
    console = Console()
    console.print(table)
    made = sum(not check.skipped for check in report.checks)
    outcome = f"[red]{len(report.failures)} failed[/red]" if report.failures else "[green]all hold[/green]"
    console.print(f"{made} of {len(report.checks)} checks made, {outcome}")


def _result(check: Check) -> str:
    if check.passed:
        return "[green]holds[/green]"
    return "[yellow]skipped[/yellow]" if check.skipped else "[red]FAILED[/red]"
