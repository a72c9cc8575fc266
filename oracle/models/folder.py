"""A package on disk: exactly three plain files, read once within limits, written all or none."""

import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from oracle.core.errors import ModelError

WEIGHTS = "model.safetensors"
CARD = "model.toml"
SELF_TEST = "selftest.json"

LIMITS_BYTES: Mapping[str, int] = {WEIGHTS: 256 * 1024**2, CARD: 1024**2, SELF_TEST: 4 * 1024**2}
"""The files of a package, and the most bytes of each that will be read."""


def read_files(folder: Path) -> dict[str, bytes]:
    """Return the package's three files. Raises ModelError if one is missing, too large, no plain file, or not alone."""
    try:
        present = {entry.name for entry in folder.iterdir()}
    except OSError as error:
        raise ModelError(f"model package {folder} can't be opened: {error.strerror}; check the path") from error
    if missing := sorted(LIMITS_BYTES.keys() - present):
        raise ModelError(f"model package {folder} lacks {', '.join(missing)}; fetch the whole package again")
    if extra := sorted(present - LIMITS_BYTES.keys()):
        raise ModelError(
            f"model package {folder} holds {', '.join(extra)}; move away what its publisher didn't put there"
        )
    return {name: _read(folder / name, limit) for name, limit in sorted(LIMITS_BYTES.items())}


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make ``folder`` a package of these three files, replacing one that is there; never half of one.

    They are complete beside the target before it is touched. Raises ModelError if the folder holds anything else, and
    OSError if the disk refuses.
    """
    _may_be_replaced(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as beside:
        fresh, former = Path(beside, "fresh"), Path(beside, "former")
        fresh.mkdir()
        for name in LIMITS_BYTES:
            _write(fresh / name, files[name])
        if folder.exists():
            folder.rename(former)
        try:
            fresh.rename(folder)
        except OSError:
            if former.exists():
                former.rename(folder)
            raise


def _may_be_replaced(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ModelError(f"{folder} is a file; choose a folder for the model package")
    if strangers := sorted({entry.name for entry in folder.iterdir()} - LIMITS_BYTES.keys()):
        raise ModelError(f"{folder} holds {', '.join(strangers)}; choose an empty folder for the model package")


def _read(path: Path, limit: int) -> bytes:
    try:
        # Neither a link (it would lead out of the package) nor a pipe or a device (opening or reading could block).
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise ModelError(
            f"{path} can't be opened as a plain file: {error.strerror}; fetch the package again"
        ) from error
    try:
        return _content(path, descriptor, limit)
    finally:
        os.close(descriptor)


def _content(path: Path, descriptor: int, limit: int) -> bytes:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise ModelError(f"{path} is no plain file; fetch the package again")
    content = b""
    if status.st_size <= limit:
        # One byte more than the limit: a file that grows while it is read is caught as well.
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(limit + 1)
    if max(status.st_size, len(content)) > limit:
        raise ModelError(f"{path} has more than {limit} bytes, the most a model package may have; ask its publisher")
    return content


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
