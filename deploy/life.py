"""The whole life of an agreement, by the commands that people type: given, used, earned by, withdrawn, refunded, erased, and proven after.

python -m deploy.life       shows each command, and writes build/life.json
"""

from __future__ import annotations

import json
import secrets
import shlex
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from rich.markup import escape

from deploy.devnet import Devnet
from deploy.devnet_files import write_people
from deploy.story import NOTICE, PURPOSE, Narrator, StoryError, told
from oracle.models.zoo.screening.data import held_out

PRICE_WEI = 10**14
_COMMAND_S = 90
_ERASED_S = 60
#: A malignant case of the held-out ones.
_CASE = 514


@dataclass(frozen=True, slots=True)
class Marks:
    """Values that stand in the record and must be nowhere else: two that no model takes, and the digits of those that one does."""

    texts: tuple[str, ...]
    numbers: tuple[str, ...]

    def forms(self) -> list[bytes]:
        """Return the values as they could stand in a file: as text, and numbers as IEEE 754 doubles of either byte order."""
        doubles = [struct.pack(order + "d", float(number)) for number in self.numbers for order in "<>"]
        return [value.encode() for value in (*self.texts, *self.numbers)] + doubles


def marked_record() -> tuple[dict[str, object], Marks]:
    """Return a real case's measurements, each with digits of its own, with a name and an address that nobody has."""
    case = next(case for case in held_out() if case.index == _CASE)
    dice = secrets.SystemRandom()
    fields: dict[str, object] = {}
    for name, value in case.fields.items():
        fields[name] = round(float(value), 6) + dice.randrange(1_000_000, 9_999_999) * 1e-13 if value else value
    texts = tuple(f"marked-{secrets.token_hex(8)}" for _ in range(2))
    fields |= {"patient name": texts[0], "patient address": texts[1]}
    numbers = tuple(json.dumps(value) for value in fields.values() if isinstance(value, float) and value)
    return fields, Marks(texts, numbers)


class Shell:
    """Runs ``assent`` as one of the people, each command in a process of its own, and shows it."""

    def __init__(self, devnet: Devnet, narrator: Narrator, folder: Path) -> None:
        self._tell = narrator
        self._folder = folder
        self._password = str(write_people(folder))
        self._deployment = devnet.options.folder / "deployment.json"

    def file(self, name: str, content: Any) -> str:
        """Write a file of the people's; return its path."""
        path = self._folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    def __call__(self, *line: str, by: str | None = None, alone: bool = False) -> dict[str, Any]:
        """Run a command with ``--json``; return what it answers. ``alone`` is without deployment or key. Raises StoryError if it fails."""
        keys = () if by is None else ("--keystore", str(self._folder / f"{by}.json"), "--password-file", self._password)
        chain = () if alone or line[0] == "vault" else ("--deployment", str(self._deployment))
        shown = " ".join(shlex.quote(_short(part)) for part in line)
        self._tell.console.print(f"  [bold]$ assent {escape(shown)}[/]" + (f"  [dim]# {by}[/]" if by else ""))
        ended = subprocess.run(
            [sys.executable, "-m", "oracle.cli", *line, *chain, *keys, "--json"],
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=_COMMAND_S,
            check=False,
        )
        if ended.returncode != 0:
            raise StoryError(f"assent {shown}: ended with {ended.returncode}: {ended.stderr.strip()[-500:]}")
        answer: dict[str, Any] = json.loads(ended.stdout)
        return answer


class Life:
    """The story, act by act."""

    def __init__(self, devnet: Devnet, narrator: Narrator) -> None:
        self._devnet = devnet
        self._tell = narrator
        self._shell = Shell(devnet, narrator, devnet.options.folder / "people")
        self._vault = ("--config", str(devnet.vault_config))
        self.marks = Marks((), ())

    def run(self) -> None:
        """Tell it all. Raises AssentError at the first thing that isn't so."""
        agreement = self._give(self._keep())
        verdict = self._use(agreement)
        self._earn(agreement)
        self._withdraw_while_open(agreement)
        self._erase(agreement)
        self._prove(agreement, verdict)
        self._scan()

    def _keep(self) -> str:
        self._tell.chapter("1  A record, kept by its holder; on chain, a salted root")
        fields, self.marks = marked_record()
        path = self._shell.file("record.json", fields)
        subject = self._devnet.accounts.subject.address
        added = self._shell("vault", "add", path, "--subject", subject, "--commit", *self._vault, by="holder")
        Path(path).unlink()
        self._tell.expect(bool(added["record"]), f"record {_short(added['record'])} is committed")
        return str(added["record"])

    def _give(self, record: str) -> str:
        self._tell.chapter("2  The subject signs what it agrees to; somebody else brings it")
        notice = self._shell.file("notice.txt", NOTICE)
        drafted = self._shell(
            *("agreement", "draft", "--record", record, "--controller", self._devnet.accounts.controller.address),
            *("--model", "screening", "--purpose", PURPOSE, "--ehds", "--modifier", "NCU", "--place", "276"),
            *("--uses", "5", "--price", str(PRICE_WEI), "--erasure", "--language", "en", "--notice", notice),
        )
        signed = self._shell("agreement", "sign", self._shell.file("agreement.json", drafted), by="subject")
        given = self._shell("agreement", "relay", self._shell.file("signed.json", signed), by="relayer")
        self._tell.expect(given["state"] == "given", f"agreement {_short(given['agreement'])} is given")
        self._tell.note("giveGas", given["gasUsed"])
        return str(given["agreement"])

    def _ask(self, agreement: str, *more: str) -> dict[str, Any]:
        undertaken = ("--undertake", "NCU", "--place", "276")
        return self._shell("request", "make", agreement, "--purpose", PURPOSE, *undertaken, *more, by="controller")

    def _use(self, agreement: str) -> str:
        self._tell.chapter("3  The controller asks; four operators answer")
        asked = self._ask(agreement, "--wait-s", "60")
        self._tell.expect(
            asked["verdict"]["state"] == "recorded", f"request {_short(asked['request'])} has its verdict"
        )
        return str(asked["request"])

    def _earn(self, agreement: str) -> None:
        self._tell.chapter("4  What the use earned is the subject's")
        self._shell("agreement", "settle", agreement, by="relayer")
        subject = self._devnet.accounts.subject.address
        client = self._devnet.client(self._devnet.accounts.subject)
        balance = client.read(client.contract.balance_of(subject, "0x" + "0" * 40))
        self._tell.expect(balance == PRICE_WEI, f"{balance} wei wait for the subject")
        self._shell("balance", "withdraw", by="subject")
        (used,) = self._rows(self._shell("agreement", "uses", agreement))
        self._tell.expect(
            int(used["earned"]) == PRICE_WEI, f"use {used['use']}: {used['purpose']}, earned {used['earned']}"
        )

    def _withdraw_while_open(self, agreement: str) -> None:
        self._tell.chapter("5  The subject withdraws while a request is open; its controller is refunded")
        self._devnet.processes.stop("vault")  # so that it stays open: no operator gets the fields
        asked = self._ask(agreement)
        withdrawn = self._shell("agreement", "withdraw", agreement, by="subject")
        self._tell.expect(withdrawn["state"] == "withdrawn", "withdrawn, in one block, by nobody's leave")
        self._tell.note("withdrawGas", withdrawn["gasUsed"])
        self._devnet.start_vault()
        controller = self._devnet.client(self._devnet.accounts.controller)
        ended = controller.wait(bytes.fromhex(asked["request"][2:]), 60, 0.2)
        self._tell.expect(ended.state.name == "REFUSED", "the operators end the open request without a verdict")
        balance = controller.read(
            controller.contract.balance_of(self._devnet.accounts.controller.address, "0x" + "0" * 40)
        )
        self._tell.expect(balance > 0, f"{balance} wei are the controller's again")

    def _erase(self, agreement: str) -> None:
        self._tell.chapter("6  The record is erased; the vault and every operator say so on chain")
        anchored = self._shell("vault", "anchor", *self._vault, by="holder")
        self._tell.expect(anchored["sent"], f"the release log's head is on chain: {anchored['entries']} entries")
        erased = self._shell("vault", "erase", agreement, "--yes", *self._vault, by="holder")
        self._tell.expect(erased["keyDestroyed"], "the record's key is destroyed, the record retired")
        log = self._shell.file("log.json", self._shell("vault", "log", *self._vault))
        until = time.monotonic() + _ERASED_S
        while True:
            rows = self._rows(self._shell("agreement", "erasures", agreement, "--log", log))
            if all(row["answer"] == "erased" for row in rows) or time.monotonic() > until:
                break
            time.sleep(1)
        answers = [row["answer"] for row in rows]
        # An operator that was slower than the quorum had no fields.
        told = len(answers) > 3 and set(answers) == {"erased"}
        self._tell.expect(told, f"erased, say {len(answers)}: the vault and each operator that had fields")

    def _prove(self, agreement: str, request: str) -> None:
        self._tell.chapter("7  All of it can be shown: with no vault, no node, no network")
        self._shell("vault", "log", "--anchored-by", self._devnet.accounts.holder.address, *self._vault)
        receipt = self._shell("agreement", "receipt", agreement, by="holder")
        events = [row["event"] for row in self._rows(self._shell("agreement", "history", agreement))]
        wanted = ["given", "requested", "recorded", "requested", "withdrawn", "refused"]
        told = [event for event in events if event != "erased"]
        self._tell.expect(sorted(told) == sorted(wanted), "the chain tells the whole history")
        self._shell("audit", request)
        block = receipt["assent:evidence"]["blockHash"]
        for operator in self._devnet.operators:
            self._shell.file(f"{operator.name}.metrics", requests.get(f"{operator.endpoint}/metrics", timeout=10).text)
        self._devnet.down()
        deployment = json.loads((self._devnet.options.folder / "deployment.json").read_text())
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "receipt.json"
            path.write_text(json.dumps(receipt))
            known = (
                "--block-hash",
                block,
                "--contract",
                deployment["contract"],
                "--chain-id",
                str(deployment["chainId"]),
            )
            shown = self._shell("agreement", "verify", str(path), *known, alone=True)
        self._tell.note("receipt", shown)
        self._tell.expect(
            shown["status"] == "withdrawn" and shown["anchored"], "the receipt holds, and says: withdrawn"
        )

    def _scan(self) -> None:
        """Look for the record's values in every byte that anyone wrote: databases, logs, files of operators, vault and people."""
        self._tell.chapter("8  Every byte that operators, vault and people wrote is searched for the record")
        marks = self.marks.forms()
        files = [path for path in self._devnet.options.folder.rglob("*") if path.is_file()]
        found = [path.name for path in files if holds(path, marks)]
        size = sum(path.stat().st_size for path in files)
        values = len(self.marks.texts) + len(self.marks.numbers)
        self._tell.note("scanned", {"files": len(files), "bytes": size, "values": values})
        self._tell.expect(not found, f"{values} values are in none of {len(files)} files ({size // 1024} KiB)")

    @staticmethod
    def _rows(answer: Any) -> list[dict[str, Any]]:
        return (
            answer if isinstance(answer, list) else next(value for value in answer.values() if isinstance(value, list))
        )


def holds(path: Path, marks: list[bytes]) -> bool:
    """Tell whether a file has any of these in it."""
    content = path.read_bytes()
    return any(mark in content for mark in marks)


def _short(text: str) -> str:
    if text.startswith("0x") and len(text) > 20:
        return f"{text[:6]}…{text[-4:]}"
    return Path(text).name if "/" in text else text


def main() -> int:
    """Entry point; returns the exit code."""
    return told("life", lambda devnet, narrator: Life(devnet, narrator).run())


if __name__ == "__main__":
    sys.exit(main())
