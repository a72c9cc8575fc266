"""``assent keys``: new, show."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated, Any

import typer

from oracle.cli.options import Json
from oracle.cli.output import hexed, print_facts
from oracle.core.errors import ConfigurationError, SigningKeyError

app = typer.Typer(no_args_is_help=True, help="Key files (Web3 Secret Storage): new, show.")
KeyFile = Annotated[Path, typer.Argument(metavar="FILE", help="The key file.")]
Password = Annotated[
    Path,
    typer.Option(
        "--password-file", envvar="ASSENT_PASSWORD_FILE", help="File with the password, readable by you alone."
    ),
]


@app.command(epilog="Example: assent keys new attester.json --password-file password")
def new(
    file: KeyFile,
    password_file: Password,
    light: Annotated[bool, typer.Option("--light", help="Weak encryption, for devnets and tests only.")] = False,
    as_json: Json = False,
) -> None:
    """Make a key: to sign and send with, to have fields sealed to, or as a vault's master key. Never overwrites one."""
    from oracle.keys.keystore import read_secret, write_secret  # noqa: PLC0415
    from oracle.keys.signer import LocalSigner  # noqa: PLC0415

    secret = secrets.token_bytes(32)
    LocalSigner(secret)  # raises for the one number in 2^128 that is none of the curve's
    write_secret(file, secret, _password(password_file), light=light)
    try:
        read_secret(file, password_file)
    except SigningKeyError:
        file.unlink()
        raise
    print_facts(_facts(file, secret), as_json)


@app.command(epilog="Example: assent keys show attester.json --password-file password --json")
def show(file: KeyFile, password_file: Password, as_json: Json = False) -> None:
    """Show what is public of a key: its address, and the seal key that it is if used as one."""
    from oracle.keys.keystore import read_secret  # noqa: PLC0415

    print_facts(_facts(file, read_secret(file, password_file)), as_json)


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
