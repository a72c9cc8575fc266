"""Getting a trail from whichever node has it. Nodes are strangers: what they serve counts only by its digest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from oracle.audit.report import CheckFailedError, CheckName, shown
from oracle.client.nodes import NoAnswerError, UnusableError, ask_nodes
from oracle.core import canonical
from oracle.core.trail import MAX_TRAIL_BYTES


@dataclass(frozen=True, slots=True)
class FetchedTrail:
    """JSON values with the digest that was asked for, and the endpoint that served them. Not yet known to be a trail."""

    content: Any
    node: str


def fetch_trail(digest: bytes, endpoints: Sequence[str], *, allow_private: bool) -> FetchedTrail:
    """Return the trail of a digest (32 bytes) from the first of the nodes (base URLs) that has it.

    Raises CheckFailedError saying what each node did instead. Private and local addresses only where they are allowed.
    """

    def accept(content: Any) -> Any:
        try:
            found = canonical.digest(content)
        except (ValueError, TypeError, RecursionError):
            raise UnusableError("not canonical JSON") from None
        if found != digest:
            raise UnusableError(f"a trail of digest {shown(found)}")
        return content

    path = f"/v1/trails/0x{digest.hex()}"
    try:
        answer = ask_nodes(path, endpoints, accept, allow_private=allow_private, max_bytes=MAX_TRAIL_BYTES)
    except NoAnswerError as error:
        wanted = f"a node that serves trail {shown(digest)}"
        raise CheckFailedError(CheckName.TRAIL_DIGEST, wanted, str(error) or "no node to ask") from None
    return FetchedTrail(answer.content, answer.node)
