"""``assent vault``: serve, add, list, release, log, rotate, forget.

What of it goes on chain is in :mod:`oracle.cli.vault_chain`; export, import, backup and restore in :mod:`oracle.cli.vault_files`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oracle.cli.files import write_private
from oracle.cli.options import Id, Json, PasswordFile, parse_address, parse_id
from oracle.cli.output import hexed, plain, print_facts, print_json, print_rows, print_stream
from oracle.cli.vault_client import anchored_heads, client_of, reader_of
from oracle.core.errors import ConfigurationError

if TYPE_CHECKING:
    from oracle.core.structs import Record
    from oracle.data.record import RecordTree
    from oracle.vault.release_log import LogHead
    from oracle.vault.settings import VaultSettings

app = typer.Typer(no_args_is_help=True, help="The holder's vault: records, their release log, the master key, files.")
Config = Annotated[Path, typer.Option("--config", envvar="ASSENT_VAULT_CONFIG", help="The vault's settings, TOML.")]
Keystore = Annotated[Path | None, typer.Option("--keystore", envvar="ASSENT_KEYSTORE", help="The holder's key file.")]


@app.command(epilog="Example: assent vault serve --config vault.toml")
def serve(config: Config) -> None:
    """Run the vault until SIGTERM or SIGINT."""
    import asyncio  # noqa: PLC0415

    from oracle.vault.settings import load_vault_settings  # noqa: PLC0415

    settings = load_vault_settings(config)
    from oracle.vault.serve import serve as serve_vault  # noqa: PLC0415  web3 and more: not for a typo in the settings

    asyncio.run(serve_vault(settings))


@app.command(
    epilog="Example: assent vault add fields.json --subject 0xf3… --commit --config vault.toml --keystore holder.json "
    "--password-file password"
)
def add(
    fields: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="The record: a JSON object, field by field; or a record file, as `assent record` makes it.",
        ),
    ],
    config: Config,
    subject: Annotated[str, typer.Option(parser=parse_address, metavar="ADDRESS", help="Whose data it is.")],
    holder: Annotated[
        str | None,
        typer.Option(parser=parse_address, metavar="ADDRESS", help="Who commits it; the keystore's owner by default."),
    ] = None,
    commit: Annotated[
        bool, typer.Option("--commit", help="Commit it on chain as well, as the keystore's owner.")
    ] = False,
    keystore: Keystore = None,
    password_file: PasswordFile = None,
    as_json: Json = False,
) -> None:
    """Put a record into the vault, salted and encrypted, and commit it on chain if told to."""
    from oracle.vault.settings import load_vault_settings  # noqa: PLC0415

    settings = load_vault_settings(config)
    client = client_of(settings, keystore, password_file) if keystore else None
    owner = client.signer.address if client and client.signer else None
    if (holder or owner) is None or (commit and (holder or owner) != owner):
        raise ConfigurationError(["--keystore: name the holder's key file; without --commit, --holder will do"])
    record = _put(settings, fields, subject, holder or owner or "")
    facts = {"record": hexed(record.id), **record.to_json()}
    if commit and client is not None:
        facts |= client.commit_record(record.root, record.subject, settings.public_url).to_json()
    print_facts(facts, as_json)


@app.command("list", epilog="Example: assent vault list --config vault.toml")
def list_records(config: Config, as_json: Json = False) -> None:
    """List the records in the vault: what is public of them."""
    from oracle.vault.opening import open_vault  # noqa: PLC0415
    from oracle.vault.settings import load_vault_settings  # noqa: PLC0415

    records = open_vault(load_vault_settings(config)).records()
    rows = [{"record": hexed(record.id), **record.to_json()} for record in records]
    print_rows(("record", "subject", "holder"), rows, as_json)


@app.command(epilog="Example: assent vault release 0x5d…c1 --config vault.toml --out release.json")
def release(
    request_id: Id,
    config: Config,
    out: Annotated[
        Path | None, typer.Option(help="File to make, readable by you alone; standard output by default.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the fields that were released for a request, in the clear, for `assent audit --release`. Mind who reads them."""
    from oracle.vault.opening import open_vault  # noqa: PLC0415
    from oracle.vault.settings import load_vault_settings  # noqa: PLC0415

    content = open_vault(load_vault_settings(config)).release_for_audit(request_id)
    if out is None:
        print_json(content)
        return
    write_private(out, content)
    print_facts({"request": content["request"], "fields": len(content["fields"]), "file": str(out)}, as_json)


@app.command(epilog="Example: assent vault log --record 0x5d…c1 --config vault.toml")
def log(
    config: Config,
    record: Annotated[
        bytes | None, typer.Option(parser=parse_id, metavar="ID", help="Only what was released of this record.")
    ] = None,
    noted: Annotated[
        str | None, typer.Option(metavar="ENTRIES:HEAD", help="Where it stood once, as noted down; is that still so?")
    ] = None,
    anchored_by: Annotated[
        str | None,
        typer.Option(
            parser=parse_address, metavar="HOLDER", help="Is it still as the holder put it on chain, each time?"
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check the release log, and list what was released to whom. Its head fixes every entry: note it down where nobody can change it.

    It is read once, and each entry printed as soon as it is checked; of an entry that doesn't fit, and all after it, nothing is.
    """
    from oracle.vault.opening import open_vault  # noqa: PLC0415
    from oracle.vault.settings import load_vault_settings  # noqa: PLC0415

    settings = load_vault_settings(config)
    known = [] if noted is None else [_head(noted)]
    if anchored_by is not None:
        known += anchored_heads(reader_of(settings), anchored_by)
    if anchored_by is not None and not known:
        raise ConfigurationError(
            [f"--anchored-by: {anchored_by} never put a release log on chain: `assent vault anchor`"]
        )
    walk = open_vault(settings).walk_log(*known)
    wanted = None if record is None else record.hex()
    entries = (entry for entry in walk if wanted is None or entry["record"] == wanted)
    if as_json:
        print_stream("releases", entries, lambda: _standing(walk.head))
        return
    for entry in entries:
        typer.echo(_line(entry))
    print_facts(_standing(walk.head), as_json=False)


@app.command(epilog="Example: assent vault rotate --to vault-new.toml --config vault.toml")
def rotate(
    config: Config,
    to: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="Settings that name the new master key, in a file or on a token."
        ),
    ] = None,
    new_key: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Or the new key's file, as `assent keys new` makes one."),
    ] = None,
    new_password: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="File with the new key's password.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Put all records' keys under another master key. Stop the vault first, and start it with settings that name the new key after."""
    from oracle.database.ownership import VAULT, held  # noqa: PLC0415
    from oracle.vault.opening import open_master_key, open_vault  # noqa: PLC0415
    from oracle.vault.settings import load_vault_settings  # noqa: PLC0415

    settings = load_vault_settings(config)
    if (to is None) == (new_key is None) or (new_key is None) != (new_password is None):
        raise ConfigurationError(["--to: name settings with the new master key; or --new-key and --new-password"])
    named = {"master_key_file": new_key, "master_password_file": new_password, "master_pkcs11": None}
    new = open_master_key(load_vault_settings(to) if to else settings.model_copy(update=named))
    with held(settings.database, patience_s=0, program=VAULT):
        count = open_vault(settings).rotate(new)
    print_facts({"records": count, "masterKey": new.id, "then": "start the vault with settings that name it"}, as_json)


@app.command(epilog="Example: assent vault forget 0x5d…c1 --yes --config vault.toml")
def forget(
    record_id: Id,
    config: Config,
    yes: Annotated[bool, typer.Option("--yes", help="Without being asked again.")] = False,
    as_json: Json = False,
) -> None:
    """Delete a record and its key. Backups made before still have both: delete those, too. Retire it on chain as well."""
    from oracle.vault.opening import open_vault  # noqa: PLC0415
    from oracle.vault.settings import load_vault_settings  # noqa: PLC0415

    vault = open_vault(load_vault_settings(config))
    record = vault.record(record_id)
    if not yes:
        typer.confirm(f"Delete record {hexed(record_id)} of {record.subject}?", abort=True)
    released = vault.release_count(record_id)
    left = vault.forget(record_id)
    facts = {"record": hexed(record_id), "forgotten": True, "releasesBefore": released}
    if left is not None:
        facts["ciphertextLeft"] = (
            f"{left}: couldn't be deleted where it is kept; nothing opens it any more, delete it by hand"
        )
    print_facts(facts, as_json)


def _standing(head: LogHead) -> dict[str, Any]:
    return {"entries": head.entries, "head": hexed(head.digest)}


def _line(entry: dict[str, Any]) -> str:
    at = datetime.fromtimestamp(entry["at"], UTC).strftime("%Y-%m-%d %H:%M:%S")
    times = f"{entry['times']} times by then" if "times" in entry else None
    what = (entry["request"], "record", entry["record"], "to", entry["attester"], "in epoch", entry["epoch"], times)
    parts = [f"{entry['number']:>6}", at, "request", *what, ", ".join(entry["fields"])]
    return " ".join(plain(part).plain for part in parts if part is not None)


def _head(text: str) -> LogHead:
    from oracle.vault.release_log import LogHead  # noqa: PLC0415

    entries, _, digest = text.partition(":")
    if not entries.isdecimal():
        raise typer.BadParameter("--noted is a number of entries, a colon, and the head: 12:0x…")
    return LogHead(int(entries), parse_id(digest))


def _put(settings: VaultSettings, path: Path, subject: str, holder: str) -> Record:
    from oracle.vault.opening import open_vault  # noqa: PLC0415

    try:
        return open_vault(settings).add(_content(path, subject, holder), subject, holder)
    except ValueError as error:  # its text names a field, never a value
        raise ConfigurationError([f"{path}: {error}"]) from None


def _content(path: Path, subject: str, holder: str) -> Mapping[str, object] | RecordTree:
    """A record file keeps its salts; what else is a JSON object is fields to be salted."""
    from oracle.records.opened import VERSION, OpenedRecord  # noqa: PLC0415

    data = _fields(path)
    if data.get("version") != VERSION:
        return data
    opened = OpenedRecord.from_json(data)
    if (opened.subject, opened.holder) != (subject, holder):
        raise ConfigurationError(
            [f"{path}: is a record of another subject or holder; name those in --subject and --holder"]
        )
    return opened.tree


def _fields(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):  # their texts may quote the record
        raise ConfigurationError([f"{path}: not UTF-8 JSON"]) from None
    if not isinstance(data, dict) or not data:
        raise ConfigurationError([f"{path}: not a JSON object with a member for each field"])
    return data
