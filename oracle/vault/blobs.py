"""Where ciphertexts are kept outside the database: a port. Whoever keeps them learns their sizes and nothing else: no key is ever there.

A blob's name is its content identifier (CID, version 1: raw, SHA2-256), whatever keeps it: what comes back is held against its name.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Protocol

from oracle.core.errors import AssentError, SealError

#: Nothing larger is read from anywhere.
MAX_BLOB_BYTES = 64 * 1024**2


class BlobUnavailableError(AssentError):
    """Whatever keeps the ciphertexts doesn't answer, or refused. Asking again later may help."""


class Blobs(Protocol):
    """Keeps blobs by name. Calls block, and may come from several threads. Each raises BlobUnavailableError."""

    def put(self, name: str, content: bytes) -> None:
        """Keep a blob for good; one of the same name is the same."""

    def get(self, name: str) -> bytes:
        """Return what is kept under a name: not checked yet."""

    def delete(self, name: str) -> None:
        """Delete a blob, if it is there."""


def name_of(content: bytes) -> str:
    """Return a blob's name."""
    from multiformats import CID, multihash  # noqa: PLC0415  only for who keeps ciphertexts outside the database

    return str(CID("base32", 1, "raw", multihash.digest(content, "sha2-256")))


def fetch(blobs: Blobs, name: str) -> bytes:
    """Return the blob with a name. Raises SealError if another came, and BlobUnavailableError."""
    content = blobs.get(name)
    if name_of(content) != name:
        raise SealError(f"the ciphertext {name} was altered where it is kept; restore it there from a backup")
    return content


class FolderBlobs:
    """A file for each blob in a folder. Written beside, synced, then named: what is there is whole, also after a power cut."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, content: bytes) -> None:
        """Write a file, 0600."""
        beside = self._folder / f".{name}.{secrets.token_hex(8)}"
        try:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            beside.replace(self._folder / name)
            self._sync()
        except OSError as error:
            raise self._failed(name, error) from None
        finally:
            beside.unlink(missing_ok=True)

    def get(self, name: str) -> bytes:
        """Read a file."""
        try:
            return (self._folder / name).read_bytes()
        except OSError as error:
            raise self._failed(name, error) from None

    def delete(self, name: str) -> None:
        """Delete a file."""
        try:
            (self._folder / name).unlink(missing_ok=True)
            self._sync()
        except OSError as error:
            raise self._failed(name, error) from None

    def _sync(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _failed(self, name: str, error: OSError) -> BlobUnavailableError:
        return BlobUnavailableError(f"the ciphertext {name} in {self._folder}: {error.strerror}; check folder and disk")
