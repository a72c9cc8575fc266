"""What a holder does when an agreement that asks for erasure is over: destroys the record's key, retires it, and says so on chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from oracle.client import AssentClient
from oracle.core.erasure import Eraser, erasure_evidence
from oracle.core.errors import AssentError
from oracle.core.structs import Record, RecordState
from oracle.receipts.erasures import NothingToEraseError, standing_about


class StillAgreedError(AssentError):
    """Another agreement about the same record is in force: to erase it would break that one."""


class ErasureError(AssentError):
    """It can't be erased so: another account, or another vault. Nothing was done."""


class Records(Protocol):
    """A vault, as far as erasing goes."""

    def holds(self, record_id: bytes) -> bool:
        """Tell whether a record is here."""

    def forget(self, record_id: bytes) -> str | None:
        """Delete a record with its key; return the name of a ciphertext that was left where it is kept, if one was."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was done: whether the record was here yet, a ciphertext that was left, and the transactions (32 bytes each).

    ``attested`` are the statements: for the agreement, and for what was adopted under it.
    """

    record_id: bytes
    key_destroyed: bool
    ciphertext_left: str | None
    retired: bytes | None
    attested: tuple[bytes, ...]

    def to_json(self) -> dict[str, Any]:
        """Return JSON values: bytes as 0x-hex."""
        retired = None if self.retired is None else "0x" + self.retired.hex()
        told = {"retired": retired, "attested": ["0x" + each.hex() for each in self.attested]}
        here = {"keyDestroyed": self.key_destroyed, "ciphertextLeft": self.ciphertext_left}
        return {"record": "0x" + self.record_id.hex(), **here, **told}


def record_to_erase(client: AssentClient, agreement_id: bytes) -> Record:
    """Return the record that is to be erased.

    Raises NothingToEraseError if the agreement stands or doesn't ask for it, StillAgreedError naming an agreement that needs the record,
    UnknownIdError or EndpointError.
    """
    agreement = client.agreement(agreement_id)
    if not agreement.erasure:
        raise NothingToEraseError(
            "the agreement doesn't ask for erasure; `assent vault forget` deletes a record all the same"
        )
    for other in standing_about(client, agreement):
        if other.id == agreement_id:
            raise NothingToEraseError("the agreement is in force: its subject withdraws it first")
        raise StillAgreedError(
            f"agreement 0x{other.id.hex()} about the same record is in force: erase when that is over, too"
        )
    return Record(agreement.root, agreement.subject, agreement.holder)


def erase_record(
    client: AssentClient, vault: Records, agreement_id: bytes, record: Record, *, gone: bool = False
) -> Erased:
    """Erase a record that :func:`record_to_erase` returned, as its holder; what was done before isn't done again.

    The key is destroyed before anything is said. A record that isn't in this vault must be said to be ``gone``, unless it was retired
    already: it may be in another. Raises ErasureError, EndpointError, ContractRevertError or FundsError: then it may be repeated.
    """
    if client.sender_address != record.holder:
        raise ErasureError(f"{client.sender_address} isn't the record's holder: sign as {record.holder}")
    here = vault.holds(record.id)
    committed = client.read(client.contract.record_status(record.id)).state is RecordState.COMMITTED
    if committed and not here and not gone:
        raise ErasureError("the record isn't in this vault: name the settings of the one that has it, or say --gone")
    left = vault.forget(record.id) if here else None
    retired = client.retire_record(record.root, record.subject).hash if committed else None
    ids = [agreement_id, *client.read(client.contract.adopted_under(agreement_id))]
    attested = [sent for each in ids if (sent := _attest(client, each, record.holder)) is not None]
    return Erased(record.id, here, left, retired, tuple(attested))


def _attest(client: AssentClient, agreement_id: bytes, holder: str) -> bytes | None:
    """Say, if it wasn't said before, that what was held under an agreement is erased; return the transaction."""
    evidence = erasure_evidence(Eraser.VAULT, agreement_id, holder)
    if evidence in {bytes(event.arguments["evidence"]) for event in client.events("Erased", agreement_id)}:
        return None
    return client.attest_erasure(agreement_id, evidence).hash
