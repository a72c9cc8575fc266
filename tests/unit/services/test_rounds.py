"""Which round of a standing request is opened when, and by whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from eth_utils import keccak
from services_world import Case, World, case, model_terms

from oracle.chain.rpc import Head
from oracle.core.errors import ContractRevertError
from oracle.core.structs import Model, Schedule, StandingRequest
from oracle.services.rounds import Rounds, round_at
from oracle.store.node_store import Changes
from oracle.store.tables import RoundRow, StandingRow

START = 1_000


@dataclass
class Blocks:
    """The newest block."""

    number: int = START
    reads: int = 0

    async def head(self, finality: str) -> Head:
        assert finality == "latest"
        self.reads += 1
        return Head(self.number, bytes(32), 1_800_000_000 + self.number)


@dataclass
class Scene:
    """Operators that watch one standing request."""

    world: World
    blocks: Blocks
    services: list[Rounds]
    asked: Case
    standing: StandingRequest
    seen: set[int] = field(default_factory=set)

    async def at(self, block: int) -> list[tuple[int, int]]:
        """Let all look at a block; return who opened which round."""
        self.blocks.number = block
        before = [len(one.acts.of("open_round")) for one in self.world.peers]
        for rounds in self.services:
            await rounds.open_due()
        found = []
        for index, one in enumerate(self.world.peers):
            found += [(index, each[1]) for each in one.acts.of("open_round")[before[index] :]]
        return found

    def opened(self, round_: int, block: int) -> None:
        """Tell all that a round was opened."""
        for one in self.world.peers:
            row = RoundRow(standing=self.standing.id, round=round_, request=bytes(32), block_number=block)
            one.store.apply(Changes([row]), (block, bytes(32)))

    def turn(self, round_: int, waited: int = 0) -> int:
        """Return whose turn a round is, blocks after it was seen to be due."""
        return (int.from_bytes(keccak(self.standing.id + round_.to_bytes(4, "big")), "big") + waited // 2) % 4


def scene(world: World, model: Model | None = None, **schedule: Any) -> Scene:
    asked = case(model=model)
    terms: dict[str, Any] = {
        "start": START, "interval": 10, "rounds": 5, "window": 60, "in_blocks": True, "catch_up": False,
    }  # fmt: skip
    made = Schedule(**{**terms, **schedule})
    question = asked.request.question.at(0, 0)
    standing = StandingRequest(asked.agreement.id, asked.agreement.controller, question, asked.request.quote, made)
    blocks = Blocks()
    for one in world.peers:
        one.see(asked)
        row = StandingRow(
            id=standing.id, block_number=10, agreement=asked.agreement.id, question=question.to_json(),
            schedule=made.to_json(),
        )  # fmt: skip
        one.store.apply(Changes([row]), (10, bytes(32)))
    services = [Rounds(one.seat, blocks, one.acts, 2) for one in world.peers]  # type: ignore[arg-type]
    return Scene(world, blocks, services, asked, standing)


async def test_open_due__when_a_round_is_due__then_one_operator_opens_it_once(operators: World) -> None:
    made = scene(operators)
    assert await made.at(START - 1) == []
    assert await made.at(START) == [(made.turn(0), 0)]
    assert await made.at(START + 1) == []
    assert operators.peers[made.turn(0)].acts.of("open_round")[0][0] == made.standing


async def test_open_due__when_whose_turn_it_is_is_down__then_the_turn_moves_on(operators: World) -> None:
    made = scene(operators)
    first = made.turn(0)
    operators.peers[first].acts.failures["open_round"] = ContractRevertError("down")
    assert await made.at(START) == []
    assert await made.at(START + 2) == [((first + 1) % 4, 0)]


async def test_open_due__when_rounds_passed_unopened__then_only_the_one_whose_time_it_is(operators: World) -> None:
    made = scene(operators)
    assert await made.at(START + 35) == [(made.turn(3), 3)]
    metrics = operators.peers[0].metrics.registry
    assert metrics.get_sample_value("assent_rounds_missed_total") == 3
    await made.at(START + 36)
    assert metrics.get_sample_value("assent_rounds_missed_total") == 3


async def test_open_due__when_it_catches_up__then_the_first_that_is_not_opened_one_after_the_other(
    operators: World,
) -> None:
    made = scene(operators, catch_up=True)
    opened = []
    for block in range(START + 35, START + 60):
        for _, round_ in await made.at(block):
            opened.append(round_)
            made.opened(round_, block)
    assert opened == [0, 1, 2, 3, 4]


async def test_open_due__when_what_it_sent_is_not_in_believed_blocks_yet__then_it_is_not_sent_again(
    operators: World,
) -> None:
    made = scene(operators)
    assert len(await made.at(START)) == 1
    for block in range(START + 1, START + 10):
        sender = made.turn(0)
        assert [who for who, _ in await made.at(block) if who == sender] == []


async def test_open_due__when_somebody_else_was_faster__then_nothing_more_is_tried(operators: World) -> None:
    made = scene(operators)
    for one in operators.peers:
        one.acts.failures["open_round"] = ContractRevertError("RoundOver")
    for block in range(START, START + 9):
        await made.at(block)
    for rounds in made.services:
        assert len(rounds._done) == 1


@pytest.mark.parametrize("end", ["withdrawn", "over", "schedule"])
async def test_open_due__when_no_round_can_be_opened_any_more__then_it_is_ended_once(
    operators: World, end: str
) -> None:
    made = scene(operators)
    block = START + 50 if end == "schedule" else START
    if end == "withdrawn":
        for one in operators.peers:
            one.store.apply(Changes(withdrawn={made.asked.agreement.id: 11}), (11, bytes(32)))
    if end == "over":
        block = made.asked.agreement.valid_until - 1_800_000_000
    assert await made.at(block) == []
    assert await made.at(block + 1) == []
    assert sum(len(one.acts.of("end_standing")) for one in operators.peers) == 1


async def test_open_due__when_all_rounds_were_opened__then_it_is_left_alone(operators: World) -> None:
    made = scene(operators)
    for round_ in range(5):
        made.opened(round_, 20)
    assert await made.at(START + 45) == []
    assert sum(len(one.acts.done) for one in operators.peers) == 0


async def test_open_due__when_nothing_stands__then_the_chain_is_not_asked(operators: World) -> None:
    made = scene(operators)
    for one in operators.peers:
        one.store.apply(Changes(standing_ended={made.standing.id: 12}), (12, bytes(32)))
    assert await made.at(START) == []
    assert made.blocks.reads == 0


async def test_open_due__when_the_model_is_not_run_here__then_it_is_left_alone(operators: World) -> None:
    made = scene(operators, model_terms(files=b"f" * 32))
    assert await made.at(START) == []
    assert await made.at(START + 999) == []
    assert sum(len(one.acts.done) for one in operators.peers) == 0


def test_round_at__when_by_time_or_by_block__then_the_last_that_began(operators: World) -> None:
    by_block = Schedule(100, 10, 3, 60, True, False)
    by_time = Schedule(100, 10, 3, 60, False, False)
    for now, expected in ((99, -1), (100, 0), (109, 0), (110, 1), (999, 89)):
        assert round_at(by_block, Head(now, bytes(32), 0)) == expected
        assert round_at(by_time, Head(0, bytes(32), now)) == expected
