"""Drafting and signing agreements, with no endpoint anywhere."""

from __future__ import annotations

import time

import pytest
from eth_utils import keccak

import oracle.client
from oracle.client import AssentClient, NoSignerError, draft_agreement
from oracle.core import digests
from oracle.core.purposes import UnknownPurposeError, terms
from oracle.core.structs import Record, Step
from oracle.keys.signer import LocalSigner

CONTRACT = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
SUBJECT = LocalSigner(bytes(31) + b"\x01")
CONTROLLER = LocalSigner(bytes(31) + b"\x02")
HOLDER = LocalSigner(bytes(31) + b"\x03")


def _draft(**changes: object) -> oracle.client.drafting.Agreement:
    given: dict[str, object] = {"purposes": ["AcademicResearch"], **changes}
    record = Record(b"\1" * 32, SUBJECT.address.lower(), HOLDER.address)
    return draft_agreement(record, CONTROLLER.address, b"\2" * 32, **given)  # type: ignore[arg-type]


def test_draft__when_in_words__then_bitmaps_and_times_follow() -> None:
    now = int(time.time())
    agreement = _draft(
        purposes=["AcademicResearch", "Advertising"],
        prohibited=["DirectMarketing"],
        steps=[Step.INFER, Step.EVALUATE, Step.INFER],
        valid_for_s=100,
        uses=7,
        price=3,
        notice="read me",
    )
    assert terms(agreement.purposes) == ("AcademicResearch", "Advertising")
    assert terms(agreement.prohibited) == ("DirectMarketing",)
    assert (agreement.steps, agreement.uses) == (0b101, 7)
    assert agreement.valid_from <= now
    assert now + 100 <= agreement.valid_until <= now + 105
    assert agreement.notice == keccak(text="read me")
    assert (agreement.subject, agreement.holder, agreement.root) == (SUBJECT.address, HOLDER.address, b"\1" * 32)
    assert agreement.record == Record(b"\1" * 32, SUBJECT.address, HOLDER.address).id
    assert agreement.price == 3


def test_draft__when_twice__then_two_agreements() -> None:
    assert _draft().id != _draft().id


def test_draft__when_a_purpose_is_unknown__then_raises() -> None:
    with pytest.raises(UnknownPurposeError):
        _draft(purposes=["Everything"])
    with pytest.raises(ValueError, match="nobody"):
        draft_agreement(
            Record(bytes(32), "nobody", HOLDER.address), CONTROLLER.address, bytes(32), ["AcademicResearch"]
        )


def test_sign_agreement__when_the_chain_is_named__then_needs_no_endpoint() -> None:
    client = AssentClient("http://127.0.0.1:1", CONTRACT, chain_id=5, signer=SUBJECT)
    agreement = _draft()
    signature = client.sign_agreement(agreement, 99)
    digest = digests.typed_data_digest(digests.giving(client.domain, agreement, 99))
    assert digests.recover(digest, signature) == SUBJECT.address


def test_sign__when_another_signer_is_given__then_that_one_signs() -> None:
    client = AssentClient("http://127.0.0.1:1", CONTRACT, chain_id=5)
    agreement = _draft()
    with pytest.raises(NoSignerError):
        client.sign_withdrawal(agreement, 99)
    by_other = client.sign_withdrawal(agreement, 99, CONTROLLER)
    assert client.with_signer(CONTROLLER).sign_withdrawal(agreement, 99) == by_other
    assert client.signer is None


def test_public_names__then_all_are_there() -> None:
    assert all(hasattr(oracle.client, name) for name in oracle.client.__all__)
    assert list(oracle.client.__all__) == sorted(
        oracle.client.__all__, key=lambda name: (name[0].islower(), name.lower())
    )
