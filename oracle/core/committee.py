"""Whose turn it is to propose, and how a report's signatures go together."""

from collections.abc import Mapping

from oracle.core.structs import Attestation


def turn(request_id: bytes, waited_blocks: int, turn_blocks: int, size: int) -> int:
    """Return the member (index in the epoch) that proposes a request.

    It starts at a place that the request's id fixes and moves on by one after every ``turn_blocks`` blocks that passed since the request,
    so a proposer that is down delays a request and loses none.
    """
    return (int.from_bytes(request_id, "big") + max(waited_blocks, 0) // turn_blocks) % size


def assemble(epoch: int, signatures: Mapping[int, bytes]) -> Attestation:
    """Put the members' compact signatures (by index in the epoch) into the contract's form."""
    signers = sum(1 << index for index in signatures)
    return Attestation(epoch, signers, b"".join(signatures[index] for index in sorted(signatures)))


def members_of(signers: int) -> tuple[int, ...]:
    """Return the indices that a signers' bitmap names, ascending."""
    return tuple(index for index in range(signers.bit_length()) if signers >> index & 1)
