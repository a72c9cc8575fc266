"""Trails that this node proposed or signed, by their digests."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import insert, select

from oracle.database.transactions import chunks
from oracle.store.archive import ArchiveStore
from oracle.store.tables import TrailRow


class TrailStore(ArchiveStore):
    """Trails in their canonical form."""

    def save_trail(self, digest: bytes, request_id: bytes, content: bytes) -> None:
        """Keep a trail's canonical form."""
        self.save_trails([(digest, request_id, content)])

    def save_trails(self, many: Iterable[tuple[bytes, bytes, bytes]]) -> None:
        """Keep trails: digest, request's id, and canonical form of each. What is there already has the same content."""
        trails = {digest: (request_id, content) for digest, request_id, content in many}
        with self._transaction() as session:
            for some in chunks(trails):
                known = set(session.scalars(select(TrailRow.digest).where(TrailRow.digest.in_(some))))
                new = [(digest, *trails[digest]) for digest in some if digest not in known]
                if new:
                    names = ("digest", "request", "content")
                    session.execute(insert(TrailRow), [dict(zip(names, each, strict=True)) for each in new])

    def trail(self, digest: bytes) -> bytes | None:
        """Return a trail's canonical form by its digest."""
        with self._reading() as session:
            content = session.scalar(select(TrailRow.content).where(TrailRow.digest == digest))
        return content or self.archived_trail(digest)

    def trails_of(self, request_id: bytes) -> list[bytes]:
        """Return the canonical form of every trail of a request that this node keeps."""
        query = select(TrailRow.content).where(TrailRow.request == request_id)
        with self._reading() as session:
            found = list(session.scalars(query))
        return [*found, *self.archived_trails_of(request_id)]
