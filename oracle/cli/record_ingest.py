"""``assent record ingest``: FHIR bundles become de-identified records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oracle.cli.files import read_file
from oracle.cli.options import Json, PasswordFile, parse_address
from oracle.cli.output import print_facts, print_json, print_rows
from oracle.cli.progress import followed
from oracle.cli.record import (
    Corrects,
    Folder,
    Holder,
    Subject,
    app,
    corrected,
    made_of,
    parties_of,
    registry_of,
    write_record,
)
from oracle.core.errors import ConfigurationError, DocumentError

if TYPE_CHECKING:
    from oracle.records.opened import OpenedRecord

Ingested = tuple["OpenedRecord", Mapping[str, int]]
Bundles = Annotated[
    list[Path], typer.Argument(exists=True, dir_okay=False, help="FHIR R4 bundles, each about one patient.")
]
Secret = Annotated[
    Path,
    typer.Option(
        exists=True, dir_okay=False, help="Key file, as `assent keys new` makes one; it fixes how dates move."
    ),
]
Subjects = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        dir_okay=False,
        help="Instead of --subject, a JSON object: each bundle's file name, and whose it is.",
    ),
]


@app.command(
    epilog="Example: assent record ingest bundle.json --subject 0xf3… --holder 0x70… --secret dates.json --password-file password "
    "--out records/"
)
def ingest(
    bundles: Bundles,
    secret: Secret,
    out: Folder,
    subject: Subject = None,
    subjects: Subjects = None,
    holder: Holder = None,
    password_file: PasswordFile = None,
    corrects: Corrects = None,
    as_json: Json = False,
) -> None:
    """Make a de-identified record of each bundle: resources as fields, dates shifted, numbers of coded observations for models.

    What was left out is counted by element. If a bundle can't be de-identified safely, all such are named, and no record is made.
    """
    from oracle.keys.keystore import read_secret  # noqa: PLC0415

    if password_file is None:
        raise ConfigurationError(["--password-file: name the file with the secret's password"])
    if corrects is not None and (len(bundles) > 1 or subjects is not None):
        raise ConfigurationError(["--corrects: one bundle corrects one record, and is of its subject"])
    before, key = corrected(corrects), read_secret(secret, password_file)
    whose = _subjects(bundles, subjects) if subjects else [subject] * len(bundles)
    parties = [parties_of(each, holder, before) for each in whose]
    numbered = followed(list(enumerate(zip(bundles, parties, strict=True), 1)), "bundles", as_json)
    _print([(write_record(opened, out), left_out) for opened, left_out in _all(numbered, key, before)], as_json)


def _all(
    numbered: Iterable[tuple[int, tuple[Path, tuple[str, str]]]], secret: bytes, before: OpenedRecord | None
) -> list[Ingested]:
    made: list[Ingested] = []
    problems: list[str] = []
    for number, (path, parties) in numbered:
        try:
            made.append(_ingested(path, parties, secret, before))
        except DocumentError as error:
            # By number, not by path: Synthea, for one, names a bundle by its patient.
            problems += [f"bundle {number}: {problem}" for problem in error.problems]
    if problems:
        raise DocumentError(problems)
    return made


def _ingested(path: Path, parties: tuple[str, str], secret: bytes, before: OpenedRecord | None) -> Ingested:
    from datetime import UTC, datetime  # noqa: PLC0415

    from oracle.records.fhir import PROFILE  # noqa: PLC0415
    from oracle.records.fhir import ingest as ingest_bundle  # noqa: PLC0415

    found = ingest_bundle(_bundle(path), parties[0], secret, datetime.now(UTC).date())
    return made_of(found.fields, parties, before, registry_of(None).named(PROFILE)), found.left_out


def _bundle(path: Path) -> dict[str, Any]:
    try:
        return read_file(path)
    except ConfigurationError:
        raise DocumentError(["not a JSON object with each name once"]) from None


def _subjects(bundles: list[Path], subjects: Path) -> list[str]:
    """The subject's address of each bundle, in their order."""
    named, found, problems = read_file(subjects), [], []
    for number, path in enumerate(bundles, 1):
        try:
            found.append(parse_address(str(named.get(path.name))))
        except typer.BadParameter:
            problems.append(f"--subjects: names no address for bundle {number}")
    if problems:
        raise ConfigurationError(problems)
    return found


def _print(made: list[tuple[dict[str, Any], Mapping[str, int]]], as_json: bool) -> None:
    if as_json:
        print_json([{**facts, "leftOut": dict(left_out)} for facts, left_out in made])
        return
    print_rows(("record", "subject", "fields"), [facts for facts, _ in made], as_json=False)
    total: Counter[str] = Counter()
    for _, left_out in made:
        total.update(left_out)
    print_facts({"leftOut": dict(sorted(total.items()))}, as_json=False)
