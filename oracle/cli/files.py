"""What people pass from one command to another: agreements, signed things, as JSON."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from oracle.cli.output import hexed
from oracle.core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.core.structs import Agreement, Question, Request, Testimony, Verdict

STEPS = ("infer", "train", "evaluate", "aggregate", "share")

AgreementFile = Annotated[
    typer.FileText, typer.Argument(metavar="FILE", help="An agreement as `draft` writes it; - is standard input.")
]
AgreementFiles = Annotated[
    list[typer.FileText],
    typer.Argument(metavar="FILE…", help="Agreements as `draft` writes them; - is standard input."),
]
SignedFile = Annotated[typer.FileText, typer.Argument(metavar="FILE", help="What was signed; - is standard input.")]


def step_of(name: str) -> Any:
    """Return a processing step by its name. Raises typer.BadParameter."""
    from oracle.core.structs import Step  # noqa: PLC0415

    if name not in STEPS:
        raise typer.BadParameter(f"a step is one of {', '.join(STEPS)}")
    return Step[name.upper()]


def read_object(file: TextIO) -> dict[str, Any]:
    """Return the JSON object in a file. Raises ConfigurationError."""
    try:
        data = json.load(file, object_pairs_hook=_once_each)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise ConfigurationError([f"{file.name}: not a JSON object with each name once"])
    return data


def read_file(path: Path) -> dict[str, Any]:
    """Return the JSON object in the file at a path. Raises ConfigurationError."""
    try:
        with path.open(encoding="utf-8") as file:
            return read_object(file)
    except OSError as error:
        raise ConfigurationError([f"{path}: can't be read: {error.strerror}"]) from None


def write_private(path: Path, data: Any) -> None:
    """Write JSON values to a new file, readable by its owner alone. Raises ConfigurationError if it can't be made, or is there."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigurationError([f"{path}: can't be made: {error.strerror}; choose another path"]) from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(data, file, ensure_ascii=False, indent=1)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that comes twice: some programs read its first value, some its last."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found


def read_agreement(data: Any) -> Agreement:
    """Return an agreement from its JSON values. Raises ConfigurationError."""
    from oracle.core.structs import Agreement  # noqa: PLC0415

    try:
        agreement = Agreement.from_json(data)
        agreement.hash()  # raises for a number or an address that doesn't fit its type
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError):
        raise ConfigurationError(["not an agreement: write one with `assent agreement draft`"]) from None
    return agreement


@dataclass(frozen=True, slots=True)
class Signed:
    """What a subject signed: a ``giving``, a ``withdrawal`` or a ``renewal`` of agreements, good until ``deadline`` (Unix seconds)."""

    kind: str
    agreements: tuple[Agreement, ...]
    deadline: int
    signature: bytes
    valid_until: int = 0


def signed_agreements(kind: str, agreements: Sequence[Agreement], deadline: int, signature: bytes) -> dict[str, Any]:
    """Return what `relay` takes: agreements that were given, withdrawn or renewed by signature."""
    first, *others = agreements
    named = {"agreements": [each.to_json() for each in agreements]} if others else {"agreement": first.to_json()}
    return {"signed": kind, **named, "deadline": deadline, "signature": hexed(signature)}


def read_signed_agreements(data: dict[str, Any]) -> Signed:
    """Inverse of :func:`signed_agreements`. Raises ConfigurationError."""
    listed = data.get("agreements", [data.get("agreement")])
    agreements = tuple(read_agreement(each) for each in listed) if isinstance(listed, list) else ()
    try:
        kind, deadline, signature = data["signed"], int(data["deadline"]), _bytes(data["signature"])
        until = int(data["validUntil"]) if kind == "renewal" else 0
        if kind in ("giving", "withdrawal", "renewal") and 0 <= deadline < 2**64 and 0 <= until < 2**40 and agreements:
            return Signed(kind, agreements, deadline, signature, until)
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError):
        pass
    raise ConfigurationError(["not a signed agreement: write one with `assent agreement sign`"])


def signed_asking(agreement: Agreement, question: Question, tip: int, signature: bytes) -> dict[str, Any]:
    """Return what `request relay` takes: a question that the controller signed."""
    asked = {"agreement": agreement.to_json(), "question": question.to_json(), "tip": str(tip)}
    return {"signed": "asking", **asked, "signature": hexed(signature)}


def read_signed_asking(data: dict[str, Any]) -> tuple[Agreement, Question, int, bytes]:
    """Inverse of :func:`signed_asking`. Raises ConfigurationError."""
    from oracle.core.structs import Question  # noqa: PLC0415

    agreement = read_agreement(data.get("agreement"))
    try:
        question, tip, signature = Question.from_json(data["question"]), int(data["tip"]), _bytes(data["signature"])
        question.pack()
        if data["signed"] == "asking" and 0 <= tip < 2**96:
            return agreement, question, tip, signature
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError):
        pass
    raise ConfigurationError(["not a signed question: write one with `assent request sign`"])


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def signed_ruling(request_id: bytes, verdict: Verdict, stands: bool, signature: bytes) -> dict[str, Any]:
    """Return a judge's signature for others to bring, with all that it is over."""
    named = {"signed": "ruling", "request": hexed(request_id), "stands": stands}
    return {**named, "verdict": verdict.to_json(), "signature": hexed(signature)}


def read_ruling(path: Path, request_id: bytes) -> tuple[Verdict, bool, bytes]:
    """Return what a judge found right about a request, whether the verdict stands, and its signature. Raises ConfigurationError."""
    from oracle.core.eip712 import bytes_of  # noqa: PLC0415
    from oracle.core.structs import Verdict  # noqa: PLC0415

    data = read_file(path)
    try:
        verdict, signature = Verdict.from_json(data["verdict"]), bytes_of(data["signature"])
        stands, of_request = data["stands"], bytes_of(data["request"])
        well = data["signed"] == "ruling" and isinstance(stands, bool)
    except (KeyError, ValueError, TypeError, AttributeError):
        well = False
    if not well:
        raise ConfigurationError([f"{path}: not a signed ruling: write one with `assent verdict judge --sign-only`"])
    if of_request != request_id:
        raise ConfigurationError(
            [f"{path}: a ruling on another request ({hexed(of_request)}); name that one, or another file"]
        )
    return verdict, stands, signature


def read_testimony(data: dict[str, Any], request: Request) -> Testimony:
    """Return one operator's signature over a report with a verdict of a request. Raises ConfigurationError."""
    from oracle.core.eip712 import bytes_of  # noqa: PLC0415
    from oracle.core.structs import Testimony, Verdict  # noqa: PLC0415

    try:
        proof = tuple(bytes_of(each) for each in data["proof"])
        numbers, signature = (int(data["epoch"]), int(data["count"])), bytes_of(data["signature"])
        verdict = Verdict.from_json(data["verdict"])
        well = (
            len(signature) == 64 and all(len(each) == 32 for each in proof) and not any(each >> 32 for each in numbers)
        )
    except (KeyError, ValueError, TypeError, AttributeError):
        well = False
    if not well:
        raise ConfigurationError(
            [
                "FILE: not a signature of a report: it has verdict (outcome, score, trail), proof, epoch, count and signature"
            ]
        )
    return Testimony(request, verdict, proof, *numbers, signature)
