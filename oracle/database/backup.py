"""Copies of an SQLite database: made while its program runs, checked, and put back where there is none."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url

from oracle.core.errors import ConfigurationError
from oracle.database.opening import SQLITE


def back_up(url: str, target: Path) -> None:
    """Copy the database at a URL into a new file, mode 0600, as it is at one moment; its program may run meanwhile.

    Raises ConfigurationError when it isn't SQLite's, isn't there, or the file exists.
    """
    source = sqlite_path(url)
    if not source.is_file():
        raise ConfigurationError([f"database: {source} doesn't exist; name its program's settings with --config"])
    _written(target, lambda beside: _copy(source, beside))


def restore(url: str, backup: Path) -> None:
    """Put a backup where a URL says. Raises ConfigurationError when something is there already, or the backup is damaged."""
    target = sqlite_path(url)
    for path in (target, Path(f"{target}-wal"), Path(f"{target}-shm")):
        if path.exists():
            raise ConfigurationError([f"database: {path} exists; stop the node or vault and move it away first"])
    if not backup.is_file():
        raise ConfigurationError([f"database: the backup {backup} doesn't exist"])
    _written(target, lambda beside: _copy(backup, beside))


def sqlite_path(url: str) -> Path:
    """Return where an SQLite database is. Raises ConfigurationError for another kind of database."""
    parsed = make_url(url)
    if parsed.get_backend_name() != SQLITE or not parsed.database:
        raise ConfigurationError(
            ["database: not an SQLite file; back PostgreSQL up with pg_dump, restore it with pg_restore"]
        )
    return Path(parsed.database)


def _written(target: Path, write: Callable[[Path], None]) -> None:
    """Have a file written beside the target, then give it its name: whole or not at all, and over nothing."""
    beside = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        write(beside)
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        os.link(beside, target)
    except FileExistsError:
        raise ConfigurationError([f"database: {target} exists; choose another file"]) from None
    except (OSError, sqlite3.Error) as error:
        raise ConfigurationError([f"database: {target} can't be written ({error})"]) from None
    finally:
        for path in (beside, Path(f"{beside}-wal"), Path(f"{beside}-shm"), Path(f"{beside}-journal")):
            path.unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    """Copy by SQLite's own means, and check the copy."""
    read_only = f"{source.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(read_only, uri=True)) as original, closing(sqlite3.connect(target)) as copy:
        original.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        (found,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise ConfigurationError([f"database: {source} is damaged ({found}); take an earlier backup"])
