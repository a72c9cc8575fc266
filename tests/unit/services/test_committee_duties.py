"""Rotations, jailings and claims: what a member does about the committee, and about verdicts that nobody claims."""

from __future__ import annotations

import secrets
import time
from typing import Any

import httpx
import pytest
from services_world import DOMAIN, NOW, Peer, World, case
from test_cosigner import digest_root, proposal_of, trail_of

from oracle.core.committee import members_of
from oracle.core.digests import erasure, jailing, recover, typed_data_digest
from oracle.core.erasure import Eraser, erasure_evidence
from oracle.core.errors import ContractRevertError, PeerError, Reason
from oracle.core.structs import root_pool_id
from oracle.keys.signer import LocalSigner
from oracle.peers.messages import JailingProposal
from oracle.services.claimer import Claimer
from oracle.services.closer import Closer
from oracle.services.epochs import Epochs
from oracle.services.erasures import Erasures
from oracle.store.node_store import Changes
from oracle.store.tables import AnchorRow, Stage

# Erasures


async def test_attest_due__when_an_agreement_that_asks_for_it_is_over__then_the_attester_signs_that_nothing_is_left(
    operators: World,
) -> None:
    one, asked = operators.peers[0], case(erasure=True)
    await one.evaluate(asked)
    service = Erasures(one.seat, one.acts, enabled=True)  # type: ignore[arg-type]
    await service.attest_due(8)
    assert one.acts.of("attest_erasure") == []
    one.store.apply(Changes(withdrawn={asked.agreement.id: 11}), (11, bytes(32)))
    await Erasures(one.seat, one.acts, enabled=False).attest_due(8)  # type: ignore[arg-type]
    assert one.acts.of("attest_erasure") == []
    await service.attest_due(8)
    ((identifier, attester, evidence, deadline, signature),) = one.acts.of("attest_erasure")
    assert (identifier, attester) == (asked.agreement.id, one.signer.address)
    assert evidence == erasure_evidence(Eraser.OPERATOR, identifier, attester)
    digest = typed_data_digest(erasure(DOMAIN, identifier, attester, evidence, deadline))
    assert recover(digest, signature) == attester


# Epochs


def epochs_of(world: World, enabled: bool = True) -> list[Epochs]:
    return [Epochs(one.seat, one.acts, 2, enabled) for one in world.peers]  # type: ignore[arg-type]


def rotations(world: World) -> int:
    return sum(len(one.acts.of("rotate")) for one in world.peers)


async def test_rotate_due__when_something_changed__then_one_member_rotates_once(operators: World) -> None:
    services = epochs_of(operators)
    for _ in range(3):
        for each in services:
            await each.rotate_due()
    assert rotations(operators) == 1


async def test_rotate_due__when_whose_turn_it_is_is_down__then_the_next_does(operators: World) -> None:
    services = epochs_of(operators)
    for one in operators.peers[:2]:
        one.acts.failures["rotate"] = ContractRevertError("down")
    for block in range(10, 19):
        for one, each in zip(operators.peers, services, strict=True):
            one.seat.clock.number = block
            await each.rotate_due()
    assert rotations(operators) >= 1


async def test_rotate_due__when_nothing_changed__then_it_is_asked_once_until_something_does(operators: World) -> None:
    (epochs, *_), one = epochs_of(operators), operators.peers[0]
    one.acts.failures["rotate"] = ContractRevertError("MembershipUnchanged")
    for block in range(10, 30):
        one.seat.clock.number = block
        await epochs.rotate_due()
    assert not epochs._maybe
    del one.acts.failures["rotate"]
    epochs.changed()
    for block in range(30, 40):
        one.seat.clock.number = block
        await epochs.rotate_due()
    assert rotations(operators) == 1


async def test_rotate_due__when_too_soon__then_not_before_the_time_that_the_contract_says(operators: World) -> None:
    services = epochs_of(operators)
    for one in operators.peers:
        one.acts.failures["rotate"] = ContractRevertError("RotationTooSoon", {"notBefore": NOW + 50, "timestamp": NOW})
    for each in services:
        await each.rotate_due()
    for one in operators.peers:
        one.acts.failures.clear()
    for seconds, expected in ((49, 0), (50, 1)):
        for one, each in zip(operators.peers, services, strict=True):
            one.seat.clock.timestamp = NOW + seconds
            await each.rotate_due()
        assert rotations(operators) == expected


async def test_rotate_due__when_it_is_switched_off__then_never(operators: World) -> None:
    for each in epochs_of(operators, enabled=False):
        await each.rotate_due()
    assert rotations(operators) == 0


# Jailing


def absent(world: World, who: Peer, times: int, *witnesses: Peer) -> None:
    for one in witnesses:
        for _ in range(times):
            one.store.count_answer(who.signer.address, True)


async def jail(world: World, heads: range = range(8)) -> list[tuple[Any, ...]]:
    """Let everyone look for members to jail, at several heads; return what was sent."""
    for head in heads:
        for one in world.peers:
            one.seat.clock.number = head
            await one.jailer.jail_due()
    return [each for one in world.peers for each in one.acts.of("jail")]


async def test_jail_due__when_all_miss_a_member__then_a_supermajority_signs_its_jailing(operators: World) -> None:
    gone, *others = operators.peers
    operators.network.hosts[gone.signer.address.lower()] = httpx.ConnectError("no")
    absent(operators, gone, 4, *others)
    (operator, deadline, attestation), *_ = await jail(operators)
    assert operator == gone.signer.address  # in this world operators are their own attesters
    assert max(NOW, time.time()) < deadline <= max(NOW, int(time.time())) + 600
    named = members_of(attestation.signers)
    assert len(named) == 3
    digest = typed_data_digest(jailing(DOMAIN, 1, operator, deadline))
    for place, index in enumerate(named):
        signature = attestation.signatures[64 * place : 64 * place + 64]
        assert recover(digest, signature) == operators.chain.members[index]


@pytest.mark.parametrize(("times", "witnesses"), [(3, 3), (4, 1), (4, 2)])
async def test_jail_due__when_it_missed_no_more_than_allowed_or_others_have_its_answers__then_nothing_is_sent(
    operators: World, times: int, witnesses: int
) -> None:
    gone, *others = operators.peers
    absent(operators, gone, times, *others[:witnesses])
    assert await jail(operators) == []


async def test_jail_due__when_the_committee_would_be_too_small__then_not_tried(operators: World) -> None:
    gone, *others = operators.peers
    absent(operators, gone, 9, *others)
    for one in others:
        await one.committee.view()
        one.committee._min_members = 4
    assert await jail(operators, range(1)) == []


async def test_jail_due__when_switched_off__then_neither_proposed_nor_signed(operators: World) -> None:
    gone, *others = operators.peers
    absent(operators, gone, 9, *others)
    for one in others:
        one.jailer._jail_after = 0
    assert await jail(operators) == []
    others[0].jailer._jail_after = 3
    assert await jail(operators, range(100, 108)) == []


async def test_jail_due__when_it_is_no_member_any_more__then_its_misses_begin_anew(operators: World) -> None:
    gone, *others = operators.peers
    absent(operators, gone, 9, *others)
    await others[0].jailer.jail_due()
    assert others[0].store.misses_of(gone.signer.address) == 9
    operators.chain.members.remove(gone.signer.address)
    operators.chain.epoch = 2
    others[0].committee.forget()
    await others[0].jailer.jail_due()
    assert others[0].store.misses_of(gone.signer.address) == 0
    assert others[0].store.misses()[0].missed == 9


def jailing_of(signer: LocalSigner, operator: str, deadline: int, **changes: Any) -> JailingProposal:
    digest = typed_data_digest(jailing(DOMAIN, 1, operator, deadline))
    made = JailingProposal(
        epoch=1,
        operator=operator,
        deadline=deadline,
        proposer=signer.address,
        signature="0x" + signer.sign(digest).hex(),
    )
    return made.model_copy(update=changes)


async def test_answer__when_the_jailing_is_not_a_members_own_or_too_long__then_peer_error(operators: World) -> None:
    one, other, gone, _ = operators.peers
    absent(operators, gone, 9, one)
    soon = NOW + 600
    stranger = LocalSigner(secrets.token_bytes(32))
    for bad in (
        jailing_of(stranger, gone.signer.address, soon),
        jailing_of(other.signer, gone.signer.address, soon).model_copy(update={"deadline": soon + 1}),
        jailing_of(other.signer, gone.signer.address, soon, signature="0x" + "00" * 64),
        jailing_of(other.signer, gone.signer.address, 2**39),
    ):
        with pytest.raises(PeerError):
            await one.jailer.answer(bad)
    answer = await one.jailer.answer(jailing_of(other.signer, stranger.address, soon))
    assert [each.reason for each in answer.declined] == [Reason.MISSES_TOO_FEW]
    assert (await one.jailer.answer(jailing_of(other.signer, gone.signer.address, soon))).signature is not None


# Claims


async def anchored(world: World) -> Any:
    asked = case(delivery=1)
    await world.evaluate(asked)
    one = world.peers[0]
    proposal = proposal_of(one.signer, [trail_of(one, asked)])
    root = digest_root([trail_of(one, asked)])
    row = {"pool": root_pool_id(root, 0, 3), "block_number": 11, "root": root, "count": 1, "transaction": bytes(32)}
    for each in world.peers:
        assert (await each.answer(proposal)).signature is not None
        each.store.apply(Changes([AnchorRow(**row)]), (11, bytes(32)))
    return asked


def claims(world: World) -> list[Any]:
    return [each for one in world.peers for each in one.acts.of("claim")]


@pytest.mark.parametrize(
    ("seconds", "claimed"), [(0, False), (299, False), (301, True), (601, True), (87_000, True), (87_001, False)]
)
async def test_claim_due__when_the_deadline_is_near__then_one_member_claims(
    operators: World, seconds: int, claimed: bool
) -> None:
    asked = await anchored(operators)
    for _ in range(3):
        for one in operators.peers:
            one.seat.clock.timestamp = NOW + seconds  # the deadline is at NOW + 600, and a day more to claim
            await Claimer(one.seat, one.acts, 2, 300).claim_due(64)  # type: ignore[arg-type]
    found = claims(operators)
    assert len(found) == claimed
    if claimed:
        answer, proof = found[0]
        assert (answer.request, proof) == (asked.request, ())


async def test_claim_due__when_it_reverts__then_tried_later(operators: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = await anchored(operators)
    one = operators.claimer_of(asked)
    one.seat.clock.timestamp = NOW + 400
    claimer = Claimer(one.seat, one.acts, 2, 300)  # type: ignore[arg-type]
    one.acts.failures["claim"] = ContractRevertError("AgreementNoLongerValid")
    await claimer.claim_due(64)
    one.acts.failures.clear()
    await claimer.claim_due(64)
    assert claims(operators) == []
    later = time.time() + 6
    monkeypatch.setattr("oracle.store.requests.time.time", lambda: later)
    await claimer.claim_due(64)
    assert len(claims(operators)) == 1


async def test_claim_due__when_somebody_else_claimed__then_left_alone_until_that_may_be_final(
    operators: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = await anchored(operators)
    one = operators.claimer_of(asked)
    one.seat.clock.timestamp = NOW + 400
    one.acts.failures["claim"] = ContractRevertError("RequestNotOpen")
    claimer = Claimer(one.seat, one.acts, 2, 300)  # type: ignore[arg-type]
    await claimer.claim_due(64)
    one.acts.failures.clear()
    soon = time.time() + 6
    monkeypatch.setattr("oracle.store.requests.time.time", lambda: soon)
    await claimer.claim_due(64)
    assert claims(operators) == []


async def test_close_due__when_somebody_else_ended_it__then_not_tried_at_every_block(operators: World) -> None:
    asked = case()
    await operators.evaluate(asked)
    one = operators.claimer_of(asked)
    one.seat.clock.timestamp = asked.request.deadline + 1
    closer = Closer(one.seat, one.acts, 2)  # type: ignore[arg-type]
    one.acts.failures["close"] = ContractRevertError("RequestNotOpen")
    await closer.close_due(64)
    one.acts.failures.clear()
    await closer.close_due(64)
    assert one.acts.of("close") == []
    one.acts.failures["close"] = ContractRevertError("DeadlineNotPassed")
    other = Closer(one.seat, one.acts, 2)  # type: ignore[arg-type]
    await other.close_due(64)
    one.acts.failures.clear()
    await other.close_due(64)
    assert len(one.acts.of("close")) == 1


async def test_rewind__when_the_anchor_is_reorganised_away__then_the_request_is_to_be_reported_again(
    operators: World,
) -> None:
    asked = await anchored(operators)
    one = operators.claimer_of(asked)
    assert one.context(asked).stage is Stage.ANCHORED
    one.store.rewind(10, None)
    assert one.context(asked).stage is Stage.SEEN
    await one.evaluator.evaluate_due(64)
    assert one.context(asked).stage is Stage.EVALUATED
