"""``assent record``: schemas, make, check, prove, verify."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oracle.cli.files import read_file, write_private
from oracle.cli.options import Json, parse_address, parse_id
from oracle.cli.output import hexed, print_facts, print_json, print_rows
from oracle.core.errors import ConfigurationError, DocumentError

if TYPE_CHECKING:
    from oracle.models.card import ModelCard
    from oracle.records.opened import OpenedRecord
    from oracle.records.schema import Schema, SchemaRegistry

app = typer.Typer(
    no_args_is_help=True, help="Typed records: schemas, make, ingest, check, prove, verify, history, open, retire."
)
RecordFile = Annotated[
    Path,
    typer.Argument(
        metavar="RECORD", exists=True, dir_okay=False, help="A record file, as `make` or `ingest` writes it."
    ),
]
Folder = Annotated[
    Path, typer.Option("--out", file_okay=False, help="Folder for the record file, which is named by the id.")
]
Schemas = Annotated[
    list[Path] | None,
    typer.Option("--schemas", exists=True, file_okay=False, help="Folder with schemas of your own; may come again."),
]
Subject = Annotated[str | None, typer.Option(parser=parse_address, metavar="ADDRESS", help="Whose data it is.")]
Holder = Annotated[str | None, typer.Option(parser=parse_address, metavar="ADDRESS", help="Who holds and commits it.")]
Corrects = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="Record file that this one corrects; it gives subject and holder."),
]
Model = Annotated[
    Path | None, typer.Option(exists=True, file_okay=False, help="Model package, whose inputs are meant.")
]


@app.command(epilog="Example: assent record schemas --schemas schemas/")
def schemas(schemas: Schemas = None, as_json: Json = False) -> None:
    """List the schemas that are known: those built in, and those in your folders."""
    rows = [
        {"name": each.name, "digest": hexed(each.digest), "title": each.content.get("title")}
        for each in registry_of(schemas)
    ]
    print_rows(("name", "digest", "title"), rows, as_json)


@app.command(
    epilog="Example: assent record make fields.json --schema visit --subject 0xf3… --holder 0x70… --out records/"
)
def make(
    fields: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A JSON object, field by field.")],
    out: Folder,
    subject: Subject = None,
    holder: Holder = None,
    corrects: Corrects = None,
    schema: Annotated[
        str | None, typer.Option(help="Schema that the fields obey; that of the corrected record by default.")
    ] = None,
    schemas: Schemas = None,
    as_json: Json = False,
) -> None:
    """Make a record of fields: check them against a schema, salt them, write the record file. Nothing is committed."""
    before = corrected(corrects)
    opened = made_of(
        read_file(fields), parties_of(subject, holder, before), before, _schema(registry_of(schemas), schema, before)
    )
    print_facts(write_record(opened, out), as_json)


@app.command(epilog="Example: assent record check records/0x5d…c1.json --model models/screening")
def check(record: RecordFile, schemas: Schemas = None, model: Model = None, as_json: Json = False) -> None:
    """Check a record file: that it is what its id stands for, obeys its schema, and has what a model takes, if one is named."""
    opened = read_record(record)
    digest = opened.schema_digest
    schema = None if digest is None else registry_of(schemas).of(digest)
    _must_obey(opened, schema)
    if model is not None:
        from oracle.models.features import features  # noqa: PLC0415

        card = _card(model)
        features(
            card, {each.name: each.value for each in opened.tree.disclose(feature.name for feature in card.inputs)}
        )
    named = None if schema is None else schema.name
    print_facts({**_facts(opened), "schema": named, "model": None if model is None else card.name}, as_json)


@app.command(epilog="Example: assent record prove records/0x5d…c1.json --field Observation/3 > shown.json")
def prove(
    record: RecordFile,
    field: Annotated[list[str] | None, typer.Option(help="Field to show; may come again.")] = None,
    model: Model = None,
) -> None:
    """Write fields of a record with their proofs to standard output, in the clear: those named, or just those that a model takes."""
    from oracle.records.disclosure import disclose  # noqa: PLC0415

    if bool(field) == (model is not None):
        raise ConfigurationError(["--field, --model: name fields, or a model"])
    print_json(
        disclose(
            read_record(record), field or [feature.name for feature in _card(model).inputs] if model else field or []
        )
    )


@app.command(epilog="Example: assent record verify shown.json --record 0x5d…c1")
def verify(
    shown: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="Fields with proofs, as `prove` writes them.")
    ],
    record: Annotated[
        bytes | None,
        typer.Option(parser=parse_id, metavar="ID", help="The record that they should be of, as committed on chain."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check shown fields against their proofs, and print them. Without --record they are proven of the record that the file names."""
    from oracle.records.disclosure import verify as verify_shown  # noqa: PLC0415

    found = verify_shown(read_file(shown))
    if record is not None and found.record.id != record:
        raise DocumentError([f"record {hexed(found.record.id)}: it's this one's fields, not those of {hexed(record)}"])
    print_facts({"record": hexed(found.record.id), **found.record.to_json(), "values": dict(found.values)}, as_json)


def made_of(
    fields: Mapping[str, object], parties: tuple[str, str], before: OpenedRecord | None, schema: Schema | None
) -> OpenedRecord:
    """Make a record, or the correction of one. Raises DocumentError if it breaks its schema."""
    from oracle.records.opened import OpenedRecord  # noqa: PLC0415
    from oracle.records.versions import correct  # noqa: PLC0415

    opened = OpenedRecord.make(fields, *parties, schema) if before is None else correct(before, fields, schema)
    _must_obey(opened, schema)
    return opened


def _must_obey(opened: OpenedRecord, schema: Schema | None) -> None:
    from oracle.records.fhir import PROFILE, problems_of_record  # noqa: PLC0415

    if schema is None:
        return
    schema.check(opened.fields)
    if schema.name == PROFILE and (problems := problems_of_record(opened.fields)):
        raise DocumentError(problems)


def corrected(corrects: Path | None) -> OpenedRecord | None:
    """Return the record that is corrected, if one is named."""
    return None if corrects is None else read_record(corrects)


def parties_of(subject: str | None, holder: str | None, before: OpenedRecord | None) -> tuple[str, str]:
    """Return subject and holder: those named, or those of the record that is corrected. Raises ConfigurationError."""
    if before is not None:
        if (subject or before.subject, holder or before.holder) != (before.subject, before.holder):
            raise ConfigurationError(
                ["--subject, --holder: a correction is of the same subject and holder; leave them out"]
            )
        return before.subject, before.holder
    if subject is None or holder is None:
        raise ConfigurationError(["--subject, --holder: name both, or the record that is corrected with --corrects"])
    return subject, holder


def _schema(registry: SchemaRegistry, name: str | None, before: OpenedRecord | None) -> Schema | None:
    if name is not None:
        return registry.named(name)
    digest = None if before is None else before.schema_digest
    return None if digest is None else registry.of(digest)


def registry_of(folders: list[Path] | None) -> SchemaRegistry:
    """Return the schemas that are built in, and those in the folders. Raises ConfigurationError."""
    from oracle.records.schema import SchemaRegistry  # noqa: PLC0415

    return SchemaRegistry(folders or ())


def read_record(path: Path) -> OpenedRecord:
    """Return the record in a file. Raises ConfigurationError or DocumentError."""
    from oracle.records.opened import OpenedRecord  # noqa: PLC0415

    return OpenedRecord.from_json(read_file(path))


def _card(package: Path) -> ModelCard:
    from oracle.models.package import ModelPackage  # noqa: PLC0415

    return ModelPackage.load(package).card


def _facts(opened: OpenedRecord) -> dict[str, Any]:
    previous = opened.previous
    facts = {"record": hexed(opened.id), **opened.record.to_json(), "fields": len(opened.fields)}
    return facts if previous is None else {**facts, "corrects": hexed(previous)}


def write_record(opened: OpenedRecord, folder: Path) -> dict[str, Any]:
    """Write a record to a new file in a folder, and return its facts. Raises ConfigurationError if it's there already."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{hexed(opened.id)}.json"
    write_private(path, opened.to_json())
    return {**_facts(opened), "file": str(path)}
