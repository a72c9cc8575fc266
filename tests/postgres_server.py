"""A PostgreSQL server of the tests' own, from the system's package, on a Unix socket in a folder of its own."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

#: PostgreSQL refuses to run as root: then it runs as the user whom its package makes.
_USER = "postgres"
_MISSING = "PostgreSQL is not installed, so nothing is tested on it: apt-get install postgresql"


def binaries() -> Path | None:
    """Return the folder of the newest PostgreSQL's programs, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    return Path(on_path).parent if on_path else None


class Server:
    """One server; each test makes a database of its own."""

    missing = _MISSING

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs = programs
        self.folder = folder
        self._numbers = itertools.count(1)

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the server's user; fail with what it said."""
        as_user = ["runuser", "-u", _USER, "--"] if os.geteuid() == 0 else []
        command = [*as_user, str(self.programs / program), *arguments]
        # To a file: the server would keep a pipe open.
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(command, stdout=said, stderr=said, cwd="/", check=False)
            said.seek(0)
            assert done.returncode == 0, said.read().decode()

    def start(self) -> None:
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off -c max_connections=50"
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-o", options, "-w", "-s", "start")

    def stop(self) -> None:
        """Stop it as a crash would."""
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "-s", "stop")

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        with psycopg.connect(host=str(self.folder), user=_USER, dbname=database, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def create(self, user: str = _USER) -> str:
        """Make an empty database; return its URL."""
        name = f"assent{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return f"postgresql://{user}@/{name}?host={self.folder}"

    @staticmethod
    def name(url: str) -> str:
        """Return the database's name in a URL of :meth:`create`."""
        return url.partition("@/")[2].partition("?")[0]


@contextmanager
def postgres_server() -> Iterator[Server | None]:
    """Run a server; yield None where PostgreSQL isn't installed."""
    programs = binaries()
    if programs is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="assent-pg", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        if os.geteuid() == 0:
            shutil.chown(folder, _USER, _USER)
        server = Server(programs, folder)
        server.run("initdb", "-D", str(folder / "data"), "-U", _USER, "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        server.start()
        try:
            yield server
        finally:
            server.stop()
