"""The notices that a holder's subjects were shown, in a folder: of those that name processors, nobody else is given fields."""

from __future__ import annotations

from pathlib import Path

from oracle.core.keccak import keccak
from oracle.core.notices import Notice, NoticeError
from oracle.vault.refusals import ProcessorRefusedError


class Notices:
    """Notices by digest. What names processors is read once, and so can't be taken away while the vault runs; what isn't there may come."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._known: dict[bytes, frozenset[str]] = {}

    def must_be_processor(self, digest: bytes, operator: str) -> None:
        """Raise ProcessorRefusedError if a notice (by digest, 32 bytes) names processors, and not this operator's account."""
        if self._folder is None:
            return
        named = self._known.get(digest) or self._read(self._folder / file_name(digest), digest)
        if named and operator not in named:
            raise ProcessorRefusedError(f"the agreement's notice names processors, and {operator} isn't one of them")

    def _read(self, path: Path, digest: bytes) -> frozenset[str]:
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return frozenset()  # a notice that names none, or one of which this vault has the digest alone
        try:
            if keccak(content) == digest:
                self._known[digest] = frozenset(Notice.parse(content).processors)
                return self._known[digest]
        except NoticeError:
            pass
        # Not remembered: it may be mended while the vault runs.
        raise ProcessorRefusedError(
            "the vault's file of the agreement's notice was altered: its holder must put it back"
        )

    @staticmethod
    def keep(folder: Path, notice: Notice) -> Path:
        """Put a notice into a folder; return its file. Raises OSError."""
        path = folder / file_name(notice.digest)
        partial = path.with_suffix(".partial")
        partial.write_bytes(notice.encoded())
        partial.replace(path)
        return path


def file_name(digest: bytes) -> str:
    """Return a notice's file name, by its digest."""
    return f"{digest.hex()}.json"
