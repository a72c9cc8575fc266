// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Test } from "forge-std/Test.sol";

import { Slots } from "../../../contracts/libraries/Slots.sol";
import { RequestState, Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { outcomeOf, scoreOf, verdictOf } from "../base/Verdict.sol";

/// @dev The library behind a contract: within one function, the optimizer takes the time to be the same before and after a `vm.warp`.
contract SlotsCaller {
    function recorded(Verdict calldata verdict, bytes22 mark, RequestState state) external view returns (uint256) {
        return Slots.recorded(verdict, mark, state);
    }

    function ended(RequestState state) external view returns (uint256) {
        return Slots.ended(state);
    }
}

contract SlotsTest is Test {
    SlotsCaller private caller;

    function setUp() public {
        caller = new SlotsCaller();
    }

    /// @dev Nothing was asked yet: a slot of zero is in no state.
    function test_State_OfAnEmptySlot_IsNone() public pure {
        assertEq(uint8(Slots.state(0)), uint8(RequestState.None));
        assertFalse(Slots.hasVerdict(0));
    }

    function testFuzz_Open_KeepsAllOfTheCommitmentButAByte(bytes32 committed) public pure {
        uint256 slot = Slots.open(committed);
        assertEq(uint8(Slots.state(slot)), uint8(RequestState.Requested), "state");
        assertEq(slot >> 8, uint256(committed) >> 8, "commitment");
        assertEq(slot & Slots.UNDELIVERED, 0, "undelivered");
        assertFalse(Slots.hasVerdict(slot), "verdict");
    }

    /// @dev So no commitment of another request can pass for the one that is kept.
    function testFuzz_Open_TellsCommitmentsApart(bytes32 a, bytes32 b) public pure {
        assertEq(Slots.open(a) == Slots.open(b), uint256(a) >> 8 == uint256(b) >> 8);
        bytes32 near = bytes32(uint256(a) ^ 0xff);
        assertEq(Slots.open(a), Slots.open(near), "but for the last byte");
        assertNotEq(Slots.open(a), Slots.open(bytes32(uint256(a) ^ 0x100)));
    }

    function testFuzz_Recorded_IsUnpacked(
        uint8 outcome,
        uint24 score,
        bytes32 trail,
        bytes22 mark,
        uint8 state,
        uint40 time
    ) public {
        vm.warp(time);
        RequestState state_ = RequestState(state % (uint8(type(RequestState).max) + 1));
        uint256 slot = caller.recorded(verdictOf(outcome, score, trail), mark, state_);
        assertEq(uint8(Slots.state(slot)), uint8(state_), "state");
        _assertVerdict(slot, verdictOf(outcome, score, trail), mark, time);
        assertEq(slot & (Slots.UNDELIVERED | Slots.DELIVERED_FINALLY), 0, "undelivered, and not finally delivered");
    }

    /// @dev A state has six bits: two say what was delivered.
    function test_State_HasRoomForAll() public pure {
        assertLe(uint8(type(RequestState).max), Slots.STATE_MASK);
        assertEq(Slots.STATE_MASK | Slots.UNDELIVERED | Slots.DELIVERED_FINALLY, 0xff);
        assertEq(Slots.STATE_MASK & (Slots.UNDELIVERED | Slots.DELIVERED_FINALLY), 0);
    }

    function test_Recorded_GivesEachPartAPlaceOfItsOwn() public {
        vm.warp(0);
        _assertAlone(verdictOf(type(uint8).max, 0, 0), 0);
        _assertAlone(verdictOf(0, type(uint24).max, 0), 0);
        _assertAlone(verdictOf(0, 0, bytes32(type(uint256).max)), 0);
        _assertAlone(verdictOf(0, 0, 0), bytes22(type(uint176).max));
        vm.warp(type(uint40).max);
        _assertAlone(verdictOf(0, 0, 0), 0);
    }

    /// @dev The largest score that there is has room.
    function test_Recorded_HasRoomForEveryScore() public view {
        assertLe(Verdicts.MAX_SCORE, type(uint24).max);
        uint256 slot = caller.recorded(verdictOf(0, Verdicts.MAX_SCORE, 0), 0, RequestState.Recorded);
        assertEq(Slots.score(slot), Verdicts.MAX_SCORE);
    }

    /// @dev Of what is sealed nothing is kept, and nothing of it spills into what stands beside it.
    function testFuzz_Recorded_SaysThatItIsSealed(
        uint256 outcome,
        uint256 score,
        bytes32 trail,
        bytes22 mark,
        uint40 time
    ) public {
        vm.warp(time);
        outcome = bound(outcome, type(uint8).max, type(uint256).max);
        score = bound(score, type(uint24).max, type(uint256).max);
        uint256 slot = caller.recorded(verdictOf(outcome, score, trail), mark, RequestState.Recorded);
        _assertVerdict(slot, verdictOf(type(uint8).max, type(uint24).max, 0), mark, time);
        assertEq(slot & 0xff, uint8(RequestState.Recorded), "state, and that no callback failed");
        // Neither word by the other.
        slot = caller.recorded(verdictOf(1, score, trail), mark, RequestState.Recorded);
        _assertVerdict(slot, verdictOf(1, type(uint24).max, 0), mark, time);
        slot = caller.recorded(verdictOf(outcome, 1, trail), mark, RequestState.Recorded);
        _assertVerdict(slot, verdictOf(type(uint8).max, 1, 0), mark, time);
    }

    /// @dev No model has an outcome of 255, and no score is so large: what is sealed can't be taken for what is not.
    function test_Recorded_TellsSealedFromClear() public pure {
        assertEq(Slots.SEALED_OUTCOME, 255, "outcome: a model has 255 at most, from 0 on");
        assertEq(Slots.SEALED_SCORE, (1 << 24) - 1, "score");
        assertGt(Slots.SEALED_SCORE, Verdicts.MAX_SCORE, "no score");
    }

    function testFuzz_Ended_IsStateAndTime(uint8 state, uint40 time) public {
        vm.warp(time);
        RequestState state_ = RequestState(state % (uint8(type(RequestState).max) + 1));
        uint256 slot = caller.ended(state_);
        assertEq(uint8(Slots.state(slot)), uint8(state_), "state");
        _assertVerdict(slot, verdictOf(0, 0, 0), 0, time);
    }

    function testFuzz_WithState_ChangesTheStateOnly(uint256 word, uint8 state) public pure {
        RequestState state_ = RequestState(state % (uint8(type(RequestState).max) + 1));
        uint256 slot = Slots.withState(word, state_);
        assertEq(uint8(Slots.state(slot)), uint8(state_), "state");
        assertEq(slot >> 6, word >> 6, "the rest, and what was delivered");
    }

    function test_HasVerdict_IsTrueOfTheStatesWithOne() public pure {
        for (uint8 i = 0; i <= uint8(type(RequestState).max); ++i) {
            RequestState state = RequestState(i);
            bool open = state == RequestState.None || state == RequestState.Requested;
            bool without =
                state == RequestState.Refused || state == RequestState.Expired || state == RequestState.Cancelled;
            assertEq(Slots.hasVerdict(i), !open && !without, vm.toString(i));
            assertEq(Slots.hasVerdict(i | Slots.UNDELIVERED), !open && !without, "undelivered");
            assertEq(Slots.hasVerdict(i | Slots.DELIVERED_FINALLY), !open && !without, "delivered");
        }
    }

    function _assertAlone(Verdict memory verdict, bytes22 mark) private view {
        uint256 slot = caller.recorded(verdict, mark, RequestState.None);
        _assertVerdict(slot, verdict, mark, uint40(vm.getBlockTimestamp()));
        assertEq(uint8(slot), 0, "state");
    }

    function _assertVerdict(uint256 slot, Verdict memory verdict, bytes22 mark, uint40 time) private pure {
        assertEq(Slots.outcome(slot), outcomeOf(verdict), "outcome");
        assertEq(Slots.score(slot), scoreOf(verdict), "score");
        assertEq(Slots.since(slot), time, "since");
        assertEq(Slots.mark(slot), mark, "mark");
        assertEq(slot >> 80, uint176(mark), "from bit 80 on");
    }
}
