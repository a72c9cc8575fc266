"""Rotations, leases and claims: what a member does about the committee, and about verdicts that nobody claims."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from services_world import DOMAINS, NOW, PUBLISHER, TERMS, Peer, World, case, operator_info
from test_cosigner import digest_root, proposal_of, trail_of

from oracle.core.digests import erasure, recover, typed_data_digest
from oracle.core.erasure import Eraser, erasure_evidence
from oracle.core.errors import ContractRevertError
from oracle.core.structs import Place, root_pool_id
from oracle.services.claimer import Claimer
from oracle.services.closer import Closer
from oracle.services.epochs import Epochs
from oracle.services.erasures import Erasures
from oracle.services.leases import Leases
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
    digest = typed_data_digest(erasure(DOMAINS.records, identifier, attester, evidence, deadline))
    assert recover(digest, signature) == attester


# Epochs


def epochs_of(world: World, enabled: bool = True) -> list[Epochs]:
    return [Epochs(world.chain, one.seat, one.acts, 2, enabled) for one in world.peers]  # type: ignore[arg-type]


def rotations(world: World) -> int:
    return sum(len(one.acts.of("rotate")) for one in world.peers)


def leaver(world: World) -> None:
    """Let one of the roll have resigned: a rotation would change something."""
    who = world.peers[-1].signer.address
    world.chain.infos[who] = operator_info(who, resigned=True)


async def test_rotate_due__when_something_changed__then_one_member_rotates_once(operators: World) -> None:
    leaver(operators)
    services = epochs_of(operators)
    for _ in range(3):
        for each in services:
            await each.rotate_due()
    assert rotations(operators) == 1


async def test_rotate_due__when_whose_turn_it_is_is_down__then_the_next_does(operators: World) -> None:
    leaver(operators)
    services = epochs_of(operators)
    for one in operators.peers[:2]:
        one.acts.failures["rotate"] = ContractRevertError("down")
    for block in range(10, 19):
        for one, each in zip(operators.peers, services, strict=True):
            one.seat.clock.number = block
            await each.rotate_due()
    assert rotations(operators) >= 1


def _waits(world: World, **changes: Any) -> None:
    newcomer = "0x" + "ab" * 20
    world.chain.waits.append(newcomer)
    world.chain.infos[newcomer] = operator_info(newcomer, place=Place.WAITING, **changes)


def _on_roll(world: World, **changes: Any) -> None:
    who = world.peers[0].signer.address
    world.chain.infos[who] = operator_info(who, **changes)


def _full(world: World) -> None:
    world.chain.reserve.extend("0x" + f"{index:02x}" * 20 for index in range(1, 6))


CHANGES: list[tuple[Callable[[World], None], bool]] = [
    (lambda _: None, False),
    (_waits, True),
    (lambda world: _waits(world, stake=TERMS.min_stake - 1), False),
    (lambda world: _waits(world, lease=NOW - 1), False),
    (lambda world: (_full(world), _waits(world)), False),
    (lambda world: (_full(world), _waits(world, stake=TERMS.min_stake * 5 // 4)), True),
    (lambda world: _on_roll(world, resigned=True), True),
    (lambda world: _on_roll(world, lease=NOW - 1), True),
    (lambda world: _on_roll(world, stake=TERMS.penalty - 1), True),
    (lambda world: _on_roll(world, attester="0x" + "cd" * 20), True),
    # It lost a part of its stake, and one in reserve has a whole one: as many seats, but another's.
    (lambda world: (world.chain.reserve.append("0x" + "01" * 20), _on_roll(world, stake=TERMS.min_stake - 1)), True),
]


@pytest.mark.parametrize(("change", "needed"), CHANGES)
async def test_rotate_due__when_a_rotation_would_change_nothing__then_nobody_pays_for_one(
    operators: World, change: Callable[[World], None], needed: bool
) -> None:
    change(operators)
    services = epochs_of(operators)
    for block in range(10, 30):
        for one, each in zip(operators.peers, services, strict=True):
            one.seat.clock.number = block
            await each.rotate_due()
    assert (rotations(operators) > 0) is needed


async def test_rotate_due__when_a_lease_ends_later__then_it_is_looked_at_again(operators: World) -> None:
    _on_roll(operators, lease=NOW + 50)
    services = epochs_of(operators)
    for seconds, expected in ((0, 0), (50, 0), (51, 1)):
        for one, each in zip(operators.peers, services, strict=True):
            one.seat.clock.timestamp = NOW + seconds
            await each.rotate_due()
        assert (rotations(operators) > 0) == bool(expected)


async def test_rotate_due__when_too_soon__then_not_before_the_time_that_the_contract_says(operators: World) -> None:
    leaver(operators)
    services = epochs_of(operators)
    operators.chain.since = NOW - TERMS.epoch_length + 50
    for seconds, expected in ((0, 0), (49, 0), (50, 1)):
        for one, each in zip(operators.peers, services, strict=True):
            one.seat.clock.timestamp = NOW + seconds
            await each.rotate_due()
        assert rotations(operators) == expected


async def test_rotate_due__when_it_is_switched_off__then_never(operators: World) -> None:
    leaver(operators)
    for each in epochs_of(operators, enabled=False):
        await each.rotate_due()
    assert rotations(operators) == 0


# Leases


def lease_of(one: Peer, sender: str | None = None, enabled: bool = True) -> Leases:
    return Leases(one.committee._contract, one.seat, one.acts, sender or one.signer.address, enabled)  # type: ignore[arg-type]


@pytest.mark.parametrize(("left", "renewed"), [(TERMS.lease // 2 + 1, 0), (TERMS.lease // 2, 1), (-5, 1)])
async def test_renew_due__when_half_of_the_lease_is_over__then_the_operator_that_is_the_sender_renews_it(
    operators: World, left: int, renewed: int
) -> None:
    one = operators.peers[0]
    operators.chain.infos[one.signer.address] = operator_info(one.signer.address, lease=NOW + left)
    leases = lease_of(one)
    await leases.renew_due()
    await leases.renew_due()  # not looked at twice in a minute
    assert one.acts.of("renew_lease") == [(NOW + left,)] * renewed
    assert leases.until == NOW + left


@pytest.mark.parametrize(
    ("changes", "enabled", "own"),
    [({}, False, True), ({}, True, False), ({"resigned": True}, True, True), ({"place": Place.OUT}, True, True)],
)
async def test_renew_due__when_it_is_not_to_be_renewed_here__then_not_sent(
    operators: World, changes: dict[str, Any], enabled: bool, own: bool
) -> None:
    one = operators.peers[0]
    operators.chain.infos[one.signer.address] = operator_info(one.signer.address, lease=NOW + 1, **changes)
    leases = lease_of(one, None if own else PUBLISHER, enabled)
    await leases.renew_due()
    assert one.acts.of("renew_lease") == []
    assert leases.until == (None if changes else NOW + 1)


async def test_renew_due__when_the_contract_refuses__then_the_node_goes_on(operators: World) -> None:
    one = operators.peers[0]
    operators.chain.infos[one.signer.address] = operator_info(one.signer.address, lease=NOW + 1)
    one.acts.failures["renew_lease"] = ContractRevertError("OperatorNotAdmitted")
    await lease_of(one).renew_due()


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
