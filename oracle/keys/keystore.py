"""Secrets in files: Web3 Secret Storage (version 3), beside a file with the password; both readable by their owner alone.

The form holds any 32 bytes below the order of secp256k1: an attester's or a sender's key, a seal key, a vault's master key.
"""

import json
import os
import secrets
import stat
from pathlib import Path

from eth_account import Account

from oracle.core.errors import SigningKeyError
from oracle.keys.seal_key import SealKey
from oracle.keys.signer import LocalSigner

_LIMIT_BYTES = 65_536
_SCRYPT_N = 2**18
_SCRYPT_N_LIGHT = 2**10


def write_secret(path: Path, secret: bytes, password: str, *, light: bool = False) -> None:
    """Write 32 bytes encrypted under a password: whole or not at all, mode 0600, never over an existing file.

    ``light`` makes guessing the password cheap: for devnets and tests only. Raises SigningKeyError.
    """
    if len(secret) != 32 or not password:
        raise SigningKeyError(f"{path}: a secret has 32 bytes, and its password at least one character")
    try:
        work = _SCRYPT_N_LIGHT if light else _SCRYPT_N
        keyfile = Account.encrypt(secret, password, kdf="scrypt", iterations=work)
    except Exception:  # several libraries' own errors, whose texts may quote the key
        raise SigningKeyError(f"{path}: not a secret that Web3 Secret Storage can hold; make another") from None
    _create(path, json.dumps(keyfile).encode())


def read_secret(path: Path, password_file: Path) -> bytes:
    """Return the 32 bytes kept in a file. Raises SigningKeyError naming the file and the remedy."""
    password = read_password(password_file)
    try:
        keyfile = json.loads(read_private(path))
        secret = bytes(Account.decrypt(keyfile, password))
    except SigningKeyError:
        raise
    except Exception as error:  # json, eth-keyfile and its backends each have their own; none of their texts is shown
        if str(error) == "MAC mismatch":
            raise SigningKeyError(
                f"{path}: the password in {password_file} isn't this file's; name the right one"
            ) from None
        raise SigningKeyError(f"{path}: not a Web3 Secret Storage file; restore it from its backup") from None
    if len(secret) != 32:
        raise SigningKeyError(f"{path}: holds {len(secret)} bytes where a key has 32; restore it from its backup")
    return secret


def read_signer(path: Path, password_file: Path) -> LocalSigner:
    """Return the signer whose key is in a file. Raises SigningKeyError."""
    return LocalSigner(read_secret(path, password_file))


def read_seal_key(path: Path, password_file: Path) -> SealKey:
    """Return the seal key that is in a file. Raises SigningKeyError."""
    return SealKey(read_secret(path, password_file))


def read_password(path: Path) -> str:
    """Return the text in a file that is its owner's alone, without the line's end. Raises SigningKeyError."""
    try:
        password = read_private(path).decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise SigningKeyError(f"{path}: the password isn't UTF-8 text; write it anew") from None
    if not password:
        raise SigningKeyError(f"{path}: the password is empty; write it into the file")
    return password


def read_private(path: Path) -> bytes:
    """Return the content of a file that is its owner's alone; mode and content are of the same open file. Raises SigningKeyError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise SigningKeyError(f"{path}: can't be opened: {error.strerror}; check the path and its owner") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LIMIT_BYTES:
            raise SigningKeyError(f"{path}: no plain file of a key's size; check the path")
        if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SigningKeyError(f"{path}: open to other users; run `chmod 600 {path}`")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(_LIMIT_BYTES)
    finally:
        os.close(descriptor)


def _create(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(descriptor, 0o600)
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            os.link(beside, path)  # unlike a rename, it refuses to replace a key
        finally:
            beside.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except FileExistsError:
        raise SigningKeyError(
            f"{path}: exists; a key is never overwritten: move it away or choose another path"
        ) from None
    except OSError as error:
        raise SigningKeyError(f"{path}: can't be written: {error.strerror}; check the folder") from None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
