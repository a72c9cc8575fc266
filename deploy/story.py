"""What the demo and the hold-out run share: a devnet, a narrator, and expectations that end the run when they fail."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from deploy.devnet import Devnet, DevnetOptions
from oracle.client import draft_agreement
from oracle.core.errors import AssentError
from oracle.core.structs import Agreement, Record

BUILD = Path(__file__).resolve().parent.parent / "build"
PURPOSE = "ImproveHealthcare"
NOTICE = "Your measurements are put to the screening model, to help your clinic with early detection. You may withdraw at any time."
_SIGNATURE_VALID_S = 600


class StoryError(AssentError):
    """Something wasn't as told."""


class Narrator:
    """Tells the story to a person, checks it, and keeps the figures for programs."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.figures: dict[str, Any] = {}
        self._started = time.monotonic()

    def chapter(self, title: str) -> None:
        """Begin a part."""
        self.console.print(f"\n[bold cyan]{title}[/]")

    def say(self, line: str) -> None:
        """Tell one thing."""
        self.console.print(f"  {line}")

    def progress(self, line: str) -> None:
        """Tell of work under way, faintly."""
        self.console.print(f"  [dim]{line}[/]")

    def expect(self, holds: bool, line: str) -> None:
        """Tell a fact with a tick. Raises StoryError if it isn't one."""
        if not holds:
            self.console.print(f"  [bold red]✗[/] {line}")
            raise StoryError(f"not as told: {line}")
        self.console.print(f"  [green]✓[/] {line}")

    def note(self, name: str, value: Any) -> None:
        """Keep a figure."""
        self.figures[name] = value

    def write(self, path: Path, ok: bool) -> None:
        """Write the figures as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {"ok": ok, "seconds": round(time.monotonic() - self._started, 1), **self.figures}
        path.write_text(json.dumps(content, indent=2) + "\n")


def told(name: str, tell: Callable[[Devnet, Narrator], None], block_time_s: int = 1) -> int:
    """Tell a story on a fresh devnet, and write its figures to ``build/<name>.json``; return the exit code.

    The devnet is in an emptied folder of its own; ``block_time_s`` is in seconds.
    """
    narrator = Narrator(Console(highlight=False))
    folder, figures = BUILD / name, BUILD / f"{name}.json"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        narrator.chapter("0  A local chain, a vault, four operators: each a process of its own")
        with Devnet(DevnetOptions(folder, block_time_s=block_time_s), narrator.progress) as devnet:
            tell(devnet, narrator)
    except AssentError as error:
        narrator.write(figures, ok=False)
        narrator.console.print(f"\n{name}: failed: {error}")
        return 1
    narrator.write(figures, ok=True)
    narrator.console.print(f"\n{name}: ok")
    return 0


def sign_and_relay(
    devnet: Devnet, record: Record, uses: int, *, controller: str | None = None, price: int = 0
) -> tuple[Agreement, int]:
    """Let the subject sign an agreement off chain and a relayer bring it on chain; return it, and the gas.

    ``controller`` is the devnet's by default; ``price`` is what the subject earns by each verdict, in wei.
    """
    accounts = devnet.accounts
    asker = controller or accounts.controller.address
    agreement = draft_agreement(record, asker, devnet.model_id, [PURPOSE], uses=uses, price=price, notice=NOTICE)
    subject = devnet.client(accounts.subject)
    deadline = subject.block_time() + _SIGNATURE_VALID_S
    signature = subject.sign_agreement(agreement, deadline)
    sent = devnet.client(accounts.relayer).give_signed(agreement, deadline, signature)
    return agreement, sent.gas_used
