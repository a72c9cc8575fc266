"""Whose turn it is to propose, how many must sign, and how their signatures go together."""

from collections.abc import Mapping

from oracle.core.structs import Attestation


def turn(request_id: bytes, waited_blocks: int, turn_blocks: int, size: int) -> int:
    """Return the member (index in the epoch) that proposes a request.

    It starts at a place that the request's id fixes and moves on by one after every ``turn_blocks`` blocks that passed since the request,
    so a proposer that is down delays a request and loses none.
    """
    return (int.from_bytes(request_id, "big") + max(waited_blocks, 0) // turn_blocks) % size


def proposing_turn(block: int, head: int, turn_blocks: int, size: int) -> int:
    """Return the member that proposes, at a head, what was asked in a block: all of a block's requests fit one report."""
    return turn(block.to_bytes(8, "big"), head - block, turn_blocks, size)


def assemble(epoch: int, signatures: Mapping[int, bytes]) -> Attestation:
    """Put the members' compact signatures (by index in the epoch) into the contract's form."""
    signers = sum(1 << index for index in signatures)
    return Attestation(epoch, signers, b"".join(signatures[index] for index in sorted(signatures)))


def members_of(signers: int) -> tuple[int, ...]:
    """Return the indices that a signers' bitmap names, ascending."""
    return tuple(index for index in range(signers.bit_length()) if signers >> index & 1)


def majority(size: int) -> int:
    """Return how many are more than half: of a committee's seats, or, to judge a verdict, of a roll. Two such sets share one."""
    return size // 2 + 1


def signers_needed(quorum: int, size: int) -> int:
    """Return how many members sign a report, no more and no fewer: its models' quorum, but more than half of the members."""
    return max(quorum, majority(size))
