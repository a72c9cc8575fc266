"""``assent dataset``: make, check, prove, verify."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from oracle.cli.files import read_file, write_private
from oracle.cli.options import Id, Json, parse_id
from oracle.cli.output import FAILED, hexed, print_facts, print_json
from oracle.cli.progress import followed
from oracle.core.errors import ConfigurationError, DocumentError

app = typer.Typer(no_args_is_help=True, help="Datasets, many records under one root: make, check, prove, verify.")
Manifest = Annotated[
    Path, typer.Argument(metavar="MANIFEST", exists=True, dir_okay=False, help="A manifest, as `make` writes it.")
]
Records = Annotated[
    Path, typer.Argument(metavar="RECORDS", exists=True, file_okay=False, help="Folder with the record files.")
]
Root = Annotated[
    bytes | None,
    typer.Option(
        "--dataset", parser=parse_id, metavar="ROOT", help="The dataset's root, as you know it from elsewhere."
    ),
]


@app.command(epilog="Example: assent dataset make records/ --out dataset.json")
def make(
    records: Records,
    out: Annotated[Path, typer.Option(dir_okay=False, help="File for the manifest.")],
    as_json: Json = False,
) -> None:
    """Make a dataset of all record files in a folder: check each, and write the manifest."""
    from oracle.records.dataset import Dataset  # noqa: PLC0415
    from oracle.records.opened import OpenedRecord  # noqa: PLC0415

    paths = _paths(records)
    dataset = Dataset.of(OpenedRecord.from_json(read_file(path)).id for path in followed(paths, "records", as_json))
    write_private(out, dataset.to_json())
    print_facts({"dataset": hexed(dataset.root), "records": len(dataset.ids), "manifest": str(out)}, as_json)


@app.command(epilog="Example: assent dataset check dataset.json records/ --dataset 0x5d…c1")
def check(manifest: Manifest, records: Records, root: Root = None, as_json: Json = False) -> None:
    """Check a whole dataset: name every record that is missing, altered, or not of it. Ends with status 1 if there is any."""
    from oracle.records.dataset import Dataset  # noqa: PLC0415
    from oracle.records.dataset import check as compare  # noqa: PLC0415

    dataset = Dataset.from_json(read_file(manifest))
    _must_be(dataset.root, root)
    paths = _paths(records)
    found = compare(dataset, _contents(paths, as_json))
    lists = {"missing": found.missing, "altered": found.altered, "extra": found.extra}
    facts = {"dataset": hexed(dataset.root), "records": len(dataset.ids), "right": len(found.right)}
    named = {name: [hexed(each) for each in ids] for name, ids in lists.items()}
    print_facts({**facts, **named, "unreadable": [paths[number].name for number in found.unreadable]}, as_json)
    if not found.holds:
        raise typer.Exit(FAILED)


@app.command(epilog="Example: assent dataset prove dataset.json 0x5d…c1 > proof.json")
def prove(manifest: Manifest, record_id: Id) -> None:
    """Write the proof that a record is in a dataset to standard output."""
    from oracle.records.dataset import Dataset  # noqa: PLC0415

    print_json(Dataset.from_json(read_file(manifest)).proof(record_id))


@app.command(epilog="Example: assent dataset verify proof.json --dataset 0x5d…c1")
def verify(
    proof: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A proof, as `prove` writes it.")],
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Check that a record is in a dataset. Without --dataset it's that whose root the proof names."""
    from oracle.records.dataset import verify_inclusion  # noqa: PLC0415

    found, record = verify_inclusion(read_file(proof))
    _must_be(found, root)
    print_facts({"dataset": hexed(found), "record": hexed(record)}, as_json)


def _must_be(found: bytes, wanted: bytes | None) -> None:
    if wanted is not None and found != wanted:
        raise DocumentError([f"dataset {hexed(found)}: it's this one, not {hexed(wanted)}"])


def _paths(folder: Path) -> list[Path]:
    if not (found := sorted(folder.glob("*.json"))):
        raise ConfigurationError([f"{folder}: has no record files (*.json)"])
    return found


def _contents(paths: list[Path], as_json: bool) -> Iterator[object]:
    for path in followed(paths, "records", as_json):
        try:
            yield read_file(path)
        except ConfigurationError:
            yield None  # unreadable, and named as such
