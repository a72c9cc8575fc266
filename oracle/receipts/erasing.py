"""What a holder does when an agreement that asks for erasure is over: destroys the record's key, retires it, and says so on chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from oracle.client import AssentClient
from oracle.core.erasure import Eraser, erasure_evidence
from oracle.core.errors import AssentError
from oracle.core.structs import AgreementState, Record, RecordState
from oracle.receipts.erasures import NothingToEraseError


class StillAgreedError(AssentError):
    """Another agreement about the same record is in force: to erase it would break that one."""


class Records(Protocol):
    """A vault, as far as erasing goes."""

    def holds(self, record_id: bytes) -> bool:
        """Tell whether a record is here."""

    def forget(self, record_id: bytes) -> str | None:
        """Delete a record with its key; return the name of a ciphertext that was left where it is kept, if one was."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was done: whether the record was here yet, a ciphertext that was left, and the transactions (32 bytes each)."""

    record_id: bytes
    key_destroyed: bool
    ciphertext_left: str | None
    retired: bytes | None
    attested: bytes | None

    def to_json(self) -> dict[str, Any]:
        """Return JSON values: bytes as 0x-hex."""
        hashes = {"retired": self.retired, "attested": self.attested}
        told = {name: None if value is None else "0x" + value.hex() for name, value in hashes.items()}
        here = {"keyDestroyed": self.key_destroyed, "ciphertextLeft": self.ciphertext_left}
        return {"record": "0x" + self.record_id.hex(), **here, **told}


def record_to_erase(client: AssentClient, agreement_id: bytes) -> Record:
    """Return the record that is to be erased.

    Raises NothingToEraseError if the agreement is in force or doesn't ask for it, StillAgreedError naming an agreement that needs the
    record, UnknownIdError or EndpointError.
    """
    agreement = client.agreement(agreement_id)
    if not agreement.erasure:
        raise NothingToEraseError(
            "the agreement doesn't ask for erasure; `assent vault forget` deletes a record all the same"
        )
    now = client.block_time()
    for event in client.events("AgreementGiven", None, bytes.fromhex(agreement.subject[2:])):
        status = client.read(client.contract.agreement_status(bytes(event.arguments["id"])))
        if status.state is not AgreementState.GIVEN:
            continue
        if bytes(event.arguments["id"]) == agreement_id:
            raise NothingToEraseError("the agreement is in force: its subject withdraws it first")
        if (bytes(event.arguments["root"]), event.arguments["holder"]) == (
            agreement.root,
            agreement.holder,
        ) and status.stands(now):
            raise StillAgreedError(
                f"agreement 0x{bytes(event.arguments['id']).hex()} about the same record is in force: erase when that is over, too"
            )
    return Record(agreement.root, agreement.subject, agreement.holder)


def erase_record(client: AssentClient, vault: Records, agreement_id: bytes, record: Record) -> Erased:
    """Erase a record that :func:`record_to_erase` returned, as its holder; what was done before isn't done again.

    The key is destroyed before anything is said. Raises EndpointError, ContractRevertError or FundsError: then it may be repeated.
    """
    here = vault.holds(record.id)
    left = vault.forget(record.id) if here else None
    retired = None
    if client.read(client.contract.record_status(record.id)).state is RecordState.COMMITTED:
        retired = client.retire_record(record.root, record.subject).hash
    said = any(event.arguments["by"] == record.holder for event in client.events("Erased", agreement_id))
    if said:
        return Erased(record.id, here, left, retired, None)
    sent = client.attest_erasure(agreement_id, erasure_evidence(Eraser.VAULT, agreement_id, record.holder))
    return Erased(record.id, here, left, retired, sent.hash)
