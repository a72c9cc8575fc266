"""Whole records in one sealed file, for another holder's vault or a new one of one's own.

A line of JSON, the header, then a line for each record: AES-256-GCM under a key that is this file's alone, in base64. That key is in the
header: sealed to an X25519 key (HPKE, RFC 9180), or wrapped under a password's (scrypt, RFC 7914). Each line is bound to the header, to its
place and so to how many there are: none can be left out, moved, or taken from another file.
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from pydantic_core import from_json

from oracle.core.canonical import canonical
from oracle.core.errors import ConfigurationError, SealError
from oracle.core.keccak import keccak

VERSION = "assent-bundle/2"
_CONTEXT = VERSION.encode() + b"\x00"
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_SCRYPT = {"n": 2**17, "r": 8, "p": 1}
_HEADER_BYTES = 4_096


class Lock(Protocol):
    """How a bundle's key is kept in its header."""

    def shut(self, key: bytes) -> dict[str, Any]:
        """Return the header's member ``key``, as JSON values."""

    def open(self, kept: dict[str, Any]) -> bytes:
        """Inverse of :meth:`shut`. Raises SealError, or KeyError, TypeError or ValueError for what was never a key."""


class SealedTo:
    """Sealed to an X25519 public key (32 bytes); opened with the private one."""

    def __init__(self, public: bytes, private: X25519PrivateKey | None = None) -> None:
        self._public = public
        self._private = private

    def shut(self, key: bytes) -> dict[str, Any]:
        """Seal. Raises SealError if the public key is none."""
        try:
            sealed = _SUITE.encrypt(key, X25519PublicKey.from_public_bytes(self._public), _CONTEXT)
        except ValueError:
            raise SealError("not an X25519 public key; ask for the one that `assent keys show` shows") from None
        return {"kind": "x25519", "to": self._public.hex(), "sealed": sealed.hex()}

    def open(self, kept: dict[str, Any]) -> bytes:
        """Open with the private key."""
        if kept["kind"] != "x25519" or self._private is None:
            raise SealError(f"the bundle's key is kept by {kept['kind']}: --password-file opens it, no key does")
        try:
            return _SUITE.decrypt(bytes.fromhex(kept["sealed"]), self._private, _CONTEXT)
        except InvalidTag:
            raise SealError(
                f"the bundle is sealed to the key 0x{kept['to']}, or was altered; name that key's file"
            ) from None


class Password:
    """Wrapped under a key that scrypt makes of a password."""

    def __init__(self, password: str) -> None:
        self._password = password

    def shut(self, key: bytes) -> dict[str, Any]:
        """Wrap."""
        salt = secrets.token_bytes(32)
        return {"kind": "password", "salt": salt.hex(), "wrapped": aes_key_wrap(self._stretched(salt), key).hex()}

    def open(self, kept: dict[str, Any]) -> bytes:
        """Unwrap."""
        if kept["kind"] != "password":
            raise SealError(f"the bundle is sealed to the key 0x{kept['to']}: --seal-key opens it, no password does")
        try:
            return aes_key_unwrap(self._stretched(bytes.fromhex(kept["salt"])), bytes.fromhex(kept["wrapped"]))
        except InvalidUnwrap:
            raise SealError("the password isn't the bundle's, or the bundle was altered") from None

    def _stretched(self, salt: bytes) -> bytes:
        return Scrypt(salt, 32, **_SCRYPT).derive(self._password.encode())


def write_bundle(path: Path, lock: Lock, count: int, contents: Iterable[bytes]) -> None:
    """Write ``count`` contents into a new file, 0600: whole or not at all. Raises ConfigurationError if it can't be made."""
    key = secrets.token_bytes(32)
    header = canonical({"version": VERSION, "records": count, "key": lock.shut(key)})

    def write(file: BinaryIO) -> None:
        file.write(header + b"\n")
        places = 0
        for place, content in enumerate(contents):
            sealed = AESGCM(key).encrypt(place.to_bytes(12), content, keccak(header))
            file.write(base64.b64encode(sealed) + b"\n")
            places += 1
        if places != count:
            raise ConfigurationError(["export: records were added or forgotten meanwhile; export again"])

    _create(path, write)


def read_bundle(path: Path, lock: Lock) -> Iterator[bytes]:
    """Yield a bundle's contents. Raises ConfigurationError if it can't be read, SealError for what isn't one or was altered: once all
    came, all were there.
    """
    try:
        with path.open("rb") as file:
            header = file.readline(_HEADER_BYTES).rstrip(b"\n")
            count, key = _opened(path, header, lock)
            for place in range(count):
                yield _line(path, file.readline(), key, place, keccak(header))
            if file.read(1):
                raise _altered(path, count)
    except OSError as error:
        raise ConfigurationError([f"{path}: can't be read: {error.strerror}"]) from None


def _opened(path: Path, header: bytes, lock: Lock) -> tuple[int, bytes]:
    try:
        parsed = from_json(header)
        version, count = parsed["version"], parsed["records"]
        key = lock.open(parsed["key"])
    except (ValueError, KeyError, TypeError):
        version = count = key = None
    if version != VERSION or not isinstance(count, int) or key is None:
        raise SealError(f"{path}: no bundle of records, or one that was altered")
    return count, key


def _line(path: Path, line: bytes, key: bytes, place: int, bound: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(place.to_bytes(12), base64.b64decode(line.rstrip(b"\n"), validate=True), bound)
    except (InvalidTag, ValueError):
        raise _altered(path, place) from None


def _altered(path: Path, place: int) -> SealError:
    return SealError(f"{path}: was altered or cut off at its record {place}; take another copy")


def _create(path: Path, write: Callable[[BinaryIO], None]) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigurationError([f"{path}: can't be made: {error.strerror}; choose another path"]) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            write(file)
            file.flush()
            os.fsync(descriptor)
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise ConfigurationError([f"{path}: can't be written: {error.strerror}"]) from None
        raise
