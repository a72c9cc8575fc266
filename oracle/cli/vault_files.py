"""``assent vault``: export, import, backup, restore."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oracle.cli.options import Json, PasswordFile, parse_address, parse_id
from oracle.cli.output import hexed, print_facts
from oracle.cli.vault import Config, app
from oracle.core.errors import ConfigurationError, SealError

if TYPE_CHECKING:
    from oracle.vault.bundle import Lock
    from oracle.vault.settings import VaultSettings

_File = Annotated[Path, typer.Argument(exists=True, dir_okay=False)]


@app.command(
    epilog="Example: assent vault export records.bundle --to 0x5d…c1 --config vault.toml    "
    "(all records; name some with --record)"
)
def export(
    file: Annotated[Path, typer.Argument(help="File to make, readable by you alone.")],
    config: Config,
    to: Annotated[
        bytes | None,
        typer.Option(
            parser=parse_id, metavar="KEY", help="Seal it to this X25519 key, as `assent keys show` shows one."
        ),
    ] = None,
    password_file: PasswordFile = None,
    record: Annotated[
        list[bytes] | None, typer.Option(parser=parse_id, metavar="ID", help="Only this record; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write whole records into a sealed file, for another vault: to its key, or under a password. The release log doesn't have it."""
    from oracle.keys.keystore import read_password  # noqa: PLC0415
    from oracle.vault.bundle import Password, SealedTo  # noqa: PLC0415
    from oracle.vault.opening import open_vault  # noqa: PLC0415
    from oracle.vault.settings import load_vault_settings  # noqa: PLC0415
    from oracle.vault.transfer import export_records  # noqa: PLC0415

    if to is not None:
        lock: Lock = SealedTo(to)
    elif password_file is not None:
        lock = Password(read_password(password_file))
    else:
        raise ConfigurationError(["--to: name the receiver's public key; or a --password-file"])
    count = export_records(open_vault(load_vault_settings(config)), file, lock, record or ())
    print_facts({"records": count, "file": str(file)}, as_json)


@app.command(
    "import",
    epilog="Example: assent vault import records.bundle --seal-key seal.json --password-file password --config vault.toml",
)
def import_(
    file: _File,
    config: Config,
    seal_key: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="File with the key that it is sealed to.")
    ] = None,
    password_file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The key file's password; or the bundle's own.")
    ] = None,
    holder: Annotated[
        str | None,
        typer.Option(parser=parse_address, metavar="ADDRESS", help="Have them as this holder's: they get other ids."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Put the records of a bundle into the vault, each under a new key. Commit them on chain if they are another holder's now."""
    from oracle.vault.opening import open_vault  # noqa: PLC0415
    from oracle.vault.settings import load_vault_settings  # noqa: PLC0415
    from oracle.vault.transfer import import_records  # noqa: PLC0415

    if password_file is None:
        raise ConfigurationError(["--password-file: name the file with the key's password, or the bundle's"])
    lock = _lock(seal_key, password_file)
    found = import_records(open_vault(load_vault_settings(config)), file, lock, holder)
    added = [{"record": hexed(each.id), **each.to_json()} for each in found.added]
    print_facts({"added": added if as_json else len(added), "knownBefore": found.known}, as_json)


@app.command(epilog="Example: assent vault backup vault-2026-11-26.db --config vault.toml")
def backup(file: Path, config: Config, as_json: Json = False) -> None:
    """Copy an SQLite database into a new file, while the vault runs or not. For PostgreSQL: pg_dump. The master key isn't in it."""
    from oracle.database.backup import back_up  # noqa: PLC0415
    from oracle.vault.settings import load_vault_settings  # noqa: PLC0415

    settings = load_vault_settings(config)
    back_up(settings.database, file)
    facts = {"backup": str(file), "bytes": file.stat().st_size}
    if settings.ciphertexts is not None:
        facts["ciphertexts"] = f"at {settings.ciphertexts.url}; back those up there"
    print_facts(facts, as_json)


@app.command(epilog="Example: assent vault restore vault-2026-11-26.db --config vault.toml")
def restore(file: _File, config: Config, as_json: Json = False) -> None:
    """Put an SQLite backup where the settings say, if nothing is there; check whose it is, and that the master key opens it."""
    from oracle.vault.opening import open_master_key  # noqa: PLC0415
    from oracle.vault.settings import load_vault_settings  # noqa: PLC0415

    settings = load_vault_settings(config)
    open_master_key(settings)  # before anything is written
    print_facts(_restored(settings, file), as_json)


def _restored(settings: VaultSettings, backup_file: Path) -> dict[str, Any]:
    from oracle.database.backup import restore as put_back  # noqa: PLC0415
    from oracle.database.backup import sqlite_path  # noqa: PLC0415
    from oracle.database.ownership import VAULT, held  # noqa: PLC0415
    from oracle.vault.opening import open_vault  # noqa: PLC0415

    with held(settings.database, patience_s=0, program=VAULT):
        put_back(settings.database, backup_file)
        try:
            vault = open_vault(settings)
            try:
                records = vault.records()
                if records:
                    vault.opened(records[0].id)
            finally:
                vault.close()
        except (ConfigurationError, SealError):
            # Another deployment's, a later program's, or under another master key: it would only stand in the way.
            for end in ("", "-wal", "-shm"):
                Path(f"{sqlite_path(settings.database)}{end}").unlink(missing_ok=True)
            raise
    return {
        "records": len(records),
        "then": "check its log with `assent vault log`, and forget again what was forgotten since",
    }


def _lock(seal_key: Path | None, password_file: Path) -> Lock:
    from oracle.keys.keystore import read_password, read_seal_key  # noqa: PLC0415
    from oracle.vault.bundle import Password, SealedTo  # noqa: PLC0415

    if seal_key is None:
        return Password(read_password(password_file))
    key = read_seal_key(seal_key, password_file)
    return SealedTo(key.public, key.private)
