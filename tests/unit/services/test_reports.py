"""What goes into one report, and what is left when peers decline some of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services_world import DOMAIN, LOADED, Case, Peer, World, case, model_terms

from oracle.chain.fees import MAX_TRANSACTION_GAS
from oracle.core.digests import report_digest
from oracle.core.merkle import verify
from oracle.core.structs import Delivery
from oracle.peers.messages import MAX_PROPOSAL_BYTES, Proposal
from oracle.services import reports, transactor
from oracle.services.reports import Draft, DraftReport, batches, fitting, regroup
from oracle.services.trails import build_trail
from oracle.store.node_store import RequestContext


def contexts(one: Peer, *cases: Case) -> list[RequestContext]:
    one.see(*cases)
    return [one.context(each) for each in cases]


def ids(batch: list[RequestContext]) -> list[bytes]:
    return [context.id for context in batch]


def test_batches__when_of_one_kind__then_split_by_number_alone(operators: World) -> None:
    found = contexts(operators.peers[0], *(case() for _ in range(7)))
    assert [len(batch) for batch in batches(found, 3)] == [3, 3, 1]
    assert [ids(batch) for batch in batches(found, 64)] == [ids(found)]
    assert batches([], 3) == []


@pytest.mark.parametrize(
    "other", [{"delivery": Delivery.ANCHORED}, {"model": model_terms(quorum=4)}], ids=["delivery", "quorum"]
)
def test_batches__when_of_different_kinds__then_apart(operators: World, other: dict[str, Any]) -> None:
    found = contexts(operators.peers[0], case(), case(**other), case(), case(**other))
    assert [ids(batch) for batch in batches(found, 64)] == [ids(found)[0::2], ids(found)[1::2]]


def test_batches__when_currencies_differ__then_apart(operators: World) -> None:
    first, second = contexts(operators.peers[0], case(), case())
    request = replace(second.request, quote=replace(second.request.quote, currency=1))
    assert len(batches([first, replace(second, request=request)], 64)) == 2


def test_batches__when_callbacks_name_much_gas__then_each_report_fits_a_transaction(operators: World) -> None:
    found = contexts(operators.peers[0], *(case(callback=2_000) for _ in range(7)))
    made = batches(found, 64)
    assert [len(batch) for batch in made] == [3, 3, 1]


@pytest.mark.parametrize("units", [0, 1, 30, 400, 2_000])
def test_batches__when_every_receiver_takes_all_its_gas__then_no_report_wants_the_limit(
    operators: World, units: int
) -> None:
    found = contexts(operators.peers[0], *(case(callback=units) for _ in range(64)))
    for batch in batches(found, 64):
        gas = [each.request.question.callback_gas for each in batch]
        estimate = sum(70_000 + each * 64 // 63 for each in gas)
        assert transactor._allowed(estimate, gas) < MAX_TRANSACTION_GAS


async def drafts(one: Peer, *cases: Case) -> list[Draft]:
    await one.evaluate(*cases)
    trails = [build_trail(DOMAIN, one.context(each), LOADED, one.signer.address, "x") for each in cases]
    return [Draft(one.context(each), trail) for each, trail in zip(cases, trails, strict=True)]


async def test_fitting__when_trails_are_large__then_every_part_fits_a_message(
    operators: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = await drafts(operators.peers[0], *(case() for _ in range(6)))
    assert fitting(many) == [many]
    size = max(len(draft.trail.content) for draft in many)
    monkeypatch.setattr(reports, "_MOST_BYTES", 2 * (size + 512))
    parts = fitting(many)
    assert [draft for part in parts for draft in part] == many
    assert [len(part) for part in parts] == [2, 2, 2]


async def test_fitting__when_a_part_is_as_large_as_can_be__then_its_proposal_is_below_the_limit(
    operators: World,
) -> None:
    many = await drafts(operators.peers[0], case())
    count = (MAX_PROPOSAL_BYTES - 4_096) // (len(many[0].trail.content) + 512)
    proposal = Proposal(
        epoch=2**32 - 1,
        verdicts=[many[0].proposed()] * min(count, 256),
        proposer="0x" + "ab" * 20,
        signature="0x" + "00" * 64,
    )
    spare = (count - len(proposal.verdicts)) * (len(many[0].trail.content) + 512)
    assert len(proposal.model_dump_json()) + spare < MAX_PROPOSAL_BYTES


async def test_report__when_made__then_in_the_order_of_its_leaves_and_every_proof_leads_to_its_root(
    operators: World,
) -> None:
    many = await drafts(operators.peers[0], *(case() for _ in range(5)))
    report = DraftReport(DOMAIN, 3, many)
    assert [draft.leaf for draft in report.drafts] == sorted(draft.leaf for draft in many)
    assert report.digest == report_digest(DOMAIN, 3, 5, report.root)
    for each, draft in zip(report.evidence("0x1", b"s" * 64, 7), report.drafts, strict=True):
        assert verify(report.root, draft.leaf, each.proof)
        assert (each.request, each.verdict, each.count) == (draft.context.id, draft.verdict, 5)


# Regrouping

A, B, C, D = (bytes([number]) * 32 for number in range(4))


@pytest.mark.parametrize(
    ("declined", "wanted", "groups"),
    [
        ({1: {A}, 2: {A}, 3: set()}, 3, [[B, C, D]]),  # too few for A
        ({1: {A}, 2: set(), 3: set()}, 3, [[B, C, D, A]]),  # three would sign it all
        ({1: {A}, 2: {B}, 3: set()}, 3, [[C, D, A], [B]]),  # all would have three, but not together
        ({1: {A, B, C, D}, 2: {A, B, C, D}}, 3, []),
        ({}, 3, []),
        ({}, 1, [[A, B, C, D]]),
    ],
)
def test_regroup__when_peers_decline__then_what_enough_would_sign_together(
    declined: Mapping[int, set[bytes]], wanted: int, groups: list[list[bytes]]
) -> None:
    assert regroup([A, B, C, D], declined, wanted) == groups


@given(
    st.dictionaries(st.integers(1, 6), st.sets(st.sampled_from([A, B, C, D])), max_size=6),
    st.integers(1, 7),
)
def test_regroup__when_anything_is_declined__then_each_group_has_its_signers_and_nothing_is_lost(
    declined: dict[int, set[bytes]], wanted: int
) -> None:
    found = regroup([A, B, C, D], declined, wanted)
    assert sorted(identity for group in found for identity in group) == sorted(
        {
            identity
            for identity in (A, B, C, D)
            if 1 + sum(identity not in refused for refused in declined.values()) >= wanted
        }
    )
    for group in found:
        assert 1 + sum(not refused & set(group) for refused in declined.values()) >= wanted
