"""``assent keys``: new, import, list, show, rotate."""

from __future__ import annotations

import json
import secrets
import stat
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from oracle.cli.options import Json
from oracle.cli.output import hexed, print_facts, print_rows
from oracle.core.errors import ConfigurationError, SigningKeyError

app = typer.Typer(no_args_is_help=True, help="Key files (Web3 Secret Storage): new, import, list, show, rotate.")
KeyFile = Annotated[Path, typer.Argument(metavar="FILE", help="The key file.")]
Password = Annotated[
    Path,
    typer.Option(
        "--password-file", envvar="ASSENT_PASSWORD_FILE", help="File with the password, readable by you alone."
    ),
]
Light = Annotated[bool, typer.Option("--light", help="Weak encryption, for devnets and tests only.")]
_STDIN = "-"
_MOST_STDIN = 4_096


class Kind(StrEnum):
    """The kinds of key of which a node may have two, around a change."""

    ATTESTER = "attester"
    SEAL = "seal"


@app.command(epilog="Example: assent keys new attester.json --password-file password")
def new(file: KeyFile, password_file: Password, light: Light = False, as_json: Json = False) -> None:
    """Make a key: to sign and send with, to have fields sealed to, or as a vault's master key. Never overwrites one."""
    print_facts(_facts(file, _make(file, password_file, light)), as_json)


@app.command(
    "import",
    epilog="Example: assent keys import attester.json --from old-keystore.json --from-password-file old-password "
    "--password-file password",
)
def import_key(
    file: KeyFile,
    password_file: Password,
    source: Annotated[
        str,
        typer.Option(
            "--from", metavar="FILE", help="A key file, a file with the key in hex, or - for hex on standard input."
        ),
    ],
    source_password_file: Annotated[
        Path | None, typer.Option("--from-password-file", help="Password of the key file that is read.")
    ] = None,
    light: Light = False,
    as_json: Json = False,
) -> None:
    """Write a key that exists already into a key file. The source is left as it is: destroy it once the new file is backed up."""
    secret = (
        _hex_key("standard input", _standard_input()) if source == _STDIN else _read_key(source, source_password_file)
    )
    print_facts(_facts(file, _write(file, secret, password_file, light)), as_json)


@app.command("list", epilog="Example: assent keys list /etc/assent --config /etc/assent/node.toml")
def list_keys(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Where to look; here by default.")] = Path(),
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", envvar="ASSENT_NODE_CONFIG", help="The node's settings, which say what each key is for."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """List a folder's key files: address, use, mode. No password is asked for. Modes other than 0600 or 0400 are too open."""
    if not folder.is_dir():
        raise ConfigurationError([f"{folder}: no folder; name one that has key files"])
    uses = _uses(config if config or not (folder / "node.toml").is_file() else folder / "node.toml")
    rows = [row for path in sorted(folder.iterdir()) if (row := _row(path, uses)) is not None]
    print_rows(("file", "address", "kind", "mode"), rows, as_json)


@app.command(epilog="Example: assent keys show attester.json --password-file password --json")
def show(file: KeyFile, password_file: Password, as_json: Json = False) -> None:
    """Show what is public of a key: its address, and the seal key that it is if used as one."""
    from oracle.keys.keystore import read_secret  # noqa: PLC0415

    print_facts(_facts(file, read_secret(file, password_file)), as_json)


@app.command(epilog="Example: assent keys rotate --config node.toml")
def rotate(
    config: Annotated[Path, typer.Option("--config", envvar="ASSENT_NODE_CONFIG", help="The node's settings, TOML.")],
    kind: Annotated[Kind, typer.Option(help="Which key to change.")] = Kind.ATTESTER,
    light: Light = False,
    as_json: Json = False,
) -> None:
    """Change the attester or the seal key, step by step: first makes the new key beside the old, later says when the old can go."""
    from oracle.cli import rotation  # noqa: PLC0415
    from oracle.settings import load_node_settings  # noqa: PLC0415

    settings = load_node_settings(config)
    if rotation.under_way(settings, kind):
        rows = rotation.states(settings, kind)
        print_rows(("key", "named", "state", "next"), rows, as_json)
        return
    old = rotation.old_file(settings, kind)
    file = rotation.file_beside(old)
    facts = _facts(file, _make(file, settings.keys.password_file, light))
    print_facts(
        {"kind": kind.value, "old": str(old), **facts, **rotation.next_steps(settings, kind, config, file)}, as_json
    )


def _make(file: Path, password_file: Path, light: bool) -> bytes:
    return _write(file, secrets.token_bytes(32), password_file, light)


def _write(file: Path, secret: bytes, password_file: Path, light: bool) -> bytes:
    """Write a key file, read it back as the node would, and return the key; a file that can't be read back isn't left."""
    from oracle.keys.keystore import read_secret, write_secret  # noqa: PLC0415
    from oracle.keys.signer import LocalSigner  # noqa: PLC0415

    LocalSigner(secret)  # raises for what is none of the curve's
    write_secret(file, secret, _password(password_file), light=light)
    try:
        read_secret(file, password_file)
    except SigningKeyError:
        file.unlink()
        raise
    return secret


def _password(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(
            [f"{path}: can't be read; make one with `(umask 077; openssl rand -hex 32 > {path})`"]
        ) from None


def _facts(file: Path, secret: bytes) -> dict[str, Any]:
    from oracle.keys.seal_key import SealKey  # noqa: PLC0415
    from oracle.keys.signer import LocalSigner  # noqa: PLC0415

    return {"file": str(file), "address": LocalSigner(secret).address, "sealKey": hexed(SealKey(secret).public)}


# Importing


def _read_key(source: str, password_file: Path | None) -> bytes:
    from oracle.keys.keystore import read_private, read_secret  # noqa: PLC0415

    path = Path(source)
    content = read_private(path).decode(errors="replace")
    if not content.lstrip().startswith("{"):
        return _hex_key(source, content)
    if password_file is None:
        raise ConfigurationError([f"--from-password-file: {path} is a key file; name the file with its password"])
    return read_secret(path, password_file)


def _standard_input() -> str:
    if sys.stdin.isatty():
        import getpass  # noqa: PLC0415

        return getpass.getpass("Private key (hex, not shown): ")
    return sys.stdin.read(_MOST_STDIN)


def _hex_key(place: str, text: str) -> bytes:
    digits = text.strip().removeprefix("0x")
    try:
        secret = bytes.fromhex(digits)
    except ValueError:  # its text may quote the key
        secret = b""
    if len(secret) != 32 or len(digits) != 64:
        raise SigningKeyError(f"{place}: no private key in hex; it has 64 digits, with or without 0x")
    return secret


# Listing


def _uses(config: Path | None) -> dict[Path, str]:
    """Return what each file is for that a node's settings name; settings that are wrong elsewhere still tell that."""
    from oracle.setting_files import read_toml  # noqa: PLC0415

    named = read_toml(config).get("keys") if config else None
    uses: dict[Path, str] = {}
    for kind in ("attester", "sender", "seal"):
        files = named.get(kind, []) if isinstance(named, dict) else []
        for each in [files] if isinstance(files, str) else files:
            path = ((config or Path()).resolve().parent / str(each)).resolve()
            uses[path] = f"{uses[path]}, {kind}" if path in uses else kind
    return uses


def _row(path: Path, uses: dict[Path, str]) -> dict[str, Any] | None:
    """Return what is told of a key file, None of any other file."""
    from eth_utils import is_address, to_checksum_address  # noqa: PLC0415

    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or path.suffix != ".json" or status.st_size > 65_536:
            return None
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or content.get("version") != 3 or "crypto" not in content:
        return None
    address = f"0x{str(content.get('address', '')).removeprefix('0x')}"
    return {
        "file": path.name,
        "address": to_checksum_address(address) if is_address(address) else None,
        "kind": uses.get(path.resolve()),
        "mode": f"{stat.S_IMODE(status.st_mode):04o}",
    }
