// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Test } from "forge-std/Test.sol";

import { Slots } from "../../../contracts/libraries/Slots.sol";
import { RequestState, Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";

/// @dev The library behind a contract: within one function, the optimizer takes the time to be the same before and after a `vm.warp`.
contract SlotsCaller {
    function recorded(Verdict calldata verdict, uint16 callback, RequestState state) external view returns (uint256) {
        return Slots.recorded(verdict.outcome, verdict.score, verdict.trail, callback, state);
    }

    function ended(RequestState state) external view returns (uint256) {
        return Slots.ended(state);
    }

    function reopened(uint256 slot, uint40 since) external pure returns (uint256) {
        return Slots.reopened(slot, since);
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
        uint16 callback,
        uint8 state,
        uint40 time
    ) public {
        vm.warp(time);
        RequestState state_ = RequestState(state % (uint8(type(RequestState).max) + 1));
        uint256 slot = caller.recorded(Verdict(outcome, score, trail), callback, state_);
        assertEq(uint8(Slots.state(slot)), uint8(state_), "state");
        _assertVerdict(slot, Verdict(outcome, score, trail), callback, time);
        assertEq(slot & Slots.UNDELIVERED, 0, "undelivered");
    }

    function test_Recorded_GivesEachPartAPlaceOfItsOwn() public {
        vm.warp(0);
        _assertAlone(Verdict(type(uint8).max, 0, 0), 0);
        _assertAlone(Verdict(0, type(uint24).max, 0), 0);
        _assertAlone(Verdict(0, 0, bytes32(type(uint256).max)), 0);
        _assertAlone(Verdict(0, 0, 0), type(uint16).max);
        vm.warp(type(uint40).max);
        _assertAlone(Verdict(0, 0, 0), 0);
    }

    /// @dev The largest score that there is has room.
    function test_Recorded_HasRoomForEveryScore() public view {
        assertLe(Verdicts.MAX_SCORE, type(uint24).max);
        uint256 slot = caller.recorded(Verdict(0, Verdicts.MAX_SCORE, 0), 0, RequestState.Recorded);
        assertEq(Slots.score(slot), Verdicts.MAX_SCORE);
    }

    function testFuzz_Ended_IsStateAndTime(uint8 state, uint40 time) public {
        vm.warp(time);
        RequestState state_ = RequestState(state % (uint8(type(RequestState).max) + 1));
        uint256 slot = caller.ended(state_);
        assertEq(uint8(Slots.state(slot)), uint8(state_), "state");
        _assertVerdict(slot, Verdict(0, 0, 0), 0, time);
    }

    function testFuzz_WithState_ChangesTheStateOnly(uint256 word, uint8 state) public pure {
        RequestState state_ = RequestState(state % (uint8(type(RequestState).max) + 1));
        uint256 slot = Slots.withState(word, state_);
        assertEq(uint8(Slots.state(slot)), uint8(state_), "state");
        assertEq(slot >> 7, word >> 7, "the rest, and whether the callback failed");
    }

    function testFuzz_Reopened_IsRecordedNow(uint256 word, uint40 time) public {
        vm.warp(time);
        uint256 slot = caller.reopened(word, uint40(vm.getBlockTimestamp()));
        assertEq(uint8(Slots.state(slot)), uint8(RequestState.Recorded), "state");
        assertEq(Slots.since(slot), time, "since");
        assertEq(slot >> 80, word >> 80, "callback and trail");
        assertEq(Slots.outcome(slot), Slots.outcome(word), "outcome");
        assertEq(Slots.score(slot), Slots.score(word), "score");
        assertEq(slot & Slots.UNDELIVERED, word & Slots.UNDELIVERED, "undelivered");
    }

    function test_HasVerdict_IsTrueOfTheStatesWithOne() public pure {
        for (uint8 i = 0; i <= uint8(type(RequestState).max); ++i) {
            RequestState state = RequestState(i);
            bool open = state == RequestState.None || state == RequestState.Requested;
            bool without =
                state == RequestState.Refused || state == RequestState.Expired || state == RequestState.Cancelled;
            assertEq(Slots.hasVerdict(i), !open && !without, vm.toString(i));
            assertEq(Slots.hasVerdict(i | Slots.UNDELIVERED), !open && !without, "undelivered");
        }
    }

    function _assertAlone(Verdict memory verdict, uint16 callback) private view {
        uint256 slot = caller.recorded(verdict, callback, RequestState.None);
        _assertVerdict(slot, verdict, callback, uint40(vm.getBlockTimestamp()));
        assertEq(uint8(slot), 0, "state");
    }

    function _assertVerdict(uint256 slot, Verdict memory verdict, uint16 callback, uint40 time) private pure {
        assertEq(Slots.outcome(slot), verdict.outcome, "outcome");
        assertEq(Slots.score(slot), verdict.score, "score");
        assertEq(Slots.since(slot), time, "since");
        assertEq(Slots.callback(slot), callback, "callback");
        assertEq(bytes20(bytes32(slot)), bytes20(verdict.trail), "trail");
    }
}
