"""``assent vault``: erase, anchor, notice. What a holder does in its vault and says on chain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oracle.cli.options import Id, Json, PasswordFile
from oracle.cli.output import hexed, print_facts
from oracle.cli.vault import Config, Keystore, app
from oracle.cli.vault_client import anchored_heads, client_of
from oracle.core.errors import ConfigurationError

if TYPE_CHECKING:
    from oracle.vault.settings import VaultSettings
    from oracle.vault.vault import Vault


@app.command(
    epilog="Example: assent vault erase 0x5d…c1 --yes --config vault.toml --keystore holder.json --password-file password"
)
def erase(
    agreement_id: Id,
    config: Config,
    keystore: Keystore = None,
    password_file: PasswordFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Without being asked again.")] = False,
    gone: Annotated[
        bool, typer.Option("--gone", help="The record was forgotten before: say so, though it isn't in this vault.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Erase the record of an agreement that is over, and say so on chain: the key is destroyed, the record retired.

    Told to again, after something went wrong, it goes on where it was. Backups made before still have the record: delete those, too.
    It can't be undone: wait until the agreement's end is final on chain.
    """
    from oracle.receipts.erasing import erase_record, record_to_erase  # noqa: PLC0415

    settings, vault = _opened(config)
    client = client_of(settings, keystore, password_file)
    record = record_to_erase(client, agreement_id)
    if not yes:
        typer.confirm(f"Erase record {hexed(record.id)} of {record.subject} for good?", abort=True)
    print_facts(erase_record(client, vault, agreement_id, record, gone=gone).to_json(), as_json)


@app.command(epilog="Example: assent vault anchor --config vault.toml --keystore holder.json --password-file password")
def anchor(
    config: Config,
    keystore: Keystore = None,
    password_file: PasswordFile = None,
    as_json: Json = False,
) -> None:
    """Check the release log, and put its head on chain; do so daily. What was altered before shows from then on: `log --anchored-by`.

    It doesn't send anything if nothing was released since the last time.
    """
    settings, vault = _opened(config)
    client = client_of(settings, keystore, password_file)
    known = anchored_heads(client, client.sender_address)
    head = vault.walk_log(*known).finish()
    facts: dict[str, Any] = {"entries": head.entries, "head": hexed(head.digest)}
    if head in known or head.entries == 0:
        print_facts({**facts, "sent": False}, as_json)
        return
    sent = client.anchor_log(head.entries, head.digest)
    print_facts({**facts, "sent": True, **sent.to_json()}, as_json)


@app.command(epilog="Example: assent vault notice notice.json --config vault.toml")
def notice(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="As `assent agreement notice` writes it.")],
    config: Config,
    as_json: Json = False,
) -> None:
    """Keep a notice in the settings' folder: under agreements that it was shown for, only the processors it names are given fields."""
    from oracle.core.notices import Notice  # noqa: PLC0415
    from oracle.vault.notices import Notices  # noqa: PLC0415
    from oracle.vault.settings import load_vault_settings  # noqa: PLC0415

    folder = load_vault_settings(config).notices
    if folder is None:
        raise ConfigurationError([f"notices: name a folder for them in {config}"])
    kept = Notice.parse(file.read_bytes())
    path = Notices.keep(folder, kept)
    print_facts({"digest": hexed(kept.digest), "processors": list(kept.processors), "file": str(path)}, as_json)


def _opened(config: Path) -> tuple[VaultSettings, Vault]:
    from oracle.vault.opening import open_vault  # noqa: PLC0415
    from oracle.vault.settings import load_vault_settings  # noqa: PLC0415

    settings = load_vault_settings(config)
    return settings, open_vault(settings)
