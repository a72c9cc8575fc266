"""``assent record history``, ``open``, ``retire``: what became of records, in a folder, in the vault, on chain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oracle.cli.options import Id, Json, Link, sends
from oracle.cli.output import hexed, print_facts, print_rows
from oracle.cli.record import Folder, RecordFile, app, read_record, write_record
from oracle.cli.vault import Config
from oracle.core.errors import ConfigurationError

if TYPE_CHECKING:
    from oracle.records.opened import OpenedRecord

Among = Annotated[
    Path | None, typer.Option(exists=True, file_okay=False, help="Folder with the record files before it.")
]
Before = Annotated[
    Path | None,
    typer.Option("--config", envvar="ASSENT_VAULT_CONFIG", help="Settings of the vault that has those before it."),
]
Find = Callable[[bytes], "OpenedRecord | None"]


@app.command(epilog="Example: assent record history records/0x5d…c1.json --among records/")
def history(
    record: RecordFile,
    among: Among = None,
    config: Before = None,
    as_json: Json = False,
) -> None:
    """List a record's versions back to the first, newest first, and check that each is what the next one corrects."""
    from oracle.records.versions import history as versions_of  # noqa: PLC0415

    if among is None and config is None:
        raise ConfigurationError(["--among, --config: name the folder or the vault that has the records before it"])
    finds = [make(place) for make, place in ((_in_folder, among), (_in_vault, config)) if place is not None]
    opened = read_record(record)
    versions = versions_of(
        opened, lambda record_id: next((found for each in finds if (found := each(record_id))), None)
    )
    rows = [
        {
            "record": hexed(each.id),
            "added": list(each.added),
            "removed": list(each.removed),
            "changed": list(each.changed),
        }
        for each in versions
    ]
    print_rows(("record", "added", "removed", "changed"), rows, as_json)


@app.command("open", epilog="Example: assent record open 0x5d…c1 --config vault.toml --out records/")
def open_record(record_id: Id, config: Config, out: Folder, as_json: Json = False) -> None:
    """Write a record of the vault to a record file, in the clear, with its salts. Mind who reads it."""
    from oracle.vault.refusals import RecordAbsentError  # noqa: PLC0415

    opened = _in_vault(config)(record_id)
    if opened is None:
        raise RecordAbsentError(f"record {hexed(record_id)} isn't in this vault")
    print_facts(write_record(opened, out), as_json)


@app.command(
    epilog="Example: assent record retire records/0x5d…c1.json --keystore holder.json --password-file password"
)
@sends
def retire(link: Link, record: RecordFile) -> None:
    """Retire a record on chain, as its holder: it gets no more verdicts. Its correction, if there is one, stands."""
    opened = read_record(record)
    if opened.holder != link.signer.address:
        raise ConfigurationError(
            [f"--keystore: is {link.signer.address}'s; the record's holder retires it, {opened.holder}"]
        )
    sent = link.sender.retire_record(opened.tree.root, opened.subject)
    print_facts({"record": hexed(opened.id), **sent.to_json()}, link.as_json)


def _in_folder(folder: Path) -> Find:
    def find(record_id: bytes) -> OpenedRecord | None:
        path = folder / f"{hexed(record_id)}.json"
        return read_record(path) if path.exists() else None

    return find


def _in_vault(config: Path) -> Find:
    from oracle.records.opened import OpenedRecord  # noqa: PLC0415
    from oracle.vault.opening import open_vault  # noqa: PLC0415
    from oracle.vault.refusals import RecordAbsentError  # noqa: PLC0415
    from oracle.vault.settings import load_vault_settings  # noqa: PLC0415

    vault = open_vault(load_vault_settings(config))

    def find(record_id: bytes) -> OpenedRecord | None:
        try:
            record = vault.record(record_id)
        except RecordAbsentError:
            return None
        return OpenedRecord(vault.opened(record_id), record.subject, record.holder)

    return find
