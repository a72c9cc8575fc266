// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { CommonBase } from "forge-std/Base.sol";

import { Slots } from "../../contracts/libraries/Slots.sol";
import { RequestState, Verdict } from "../../contracts/types/Verdict.sol";

/// @notice A request's slot: nothing in it overlaps, and each of its functions changes what it names and nothing else.
contract SlotsProof is CommonBase {
    function check_PartsDoNotOverlap(Verdict calldata verdict, bytes22 mark, uint8 state, uint40 time) external {
        if (state > uint8(type(RequestState).max)) return;
        vm.warp(time);
        uint256 slot = Slots.recorded(verdict, mark, RequestState(state));
        (uint256 outcome, uint256 score) = (uint256(verdict.outcome), uint256(verdict.score));
        assert(Slots.outcome(slot) == (outcome < 255 ? outcome : 255));
        assert(Slots.score(slot) == (score < 0xffffff ? score : 0xffffff));
        assert(uint8(Slots.state(slot)) == state && Slots.since(slot) == time);
        assert(Slots.mark(slot) == mark && slot & Slots.UNDELIVERED == 0);
    }

    function check_AnOpenRequestIsItsCommitment(bytes32 committed, bytes32 other) external pure {
        uint256 slot = Slots.open(committed);
        assert(Slots.state(slot) == RequestState.Requested && !Slots.hasVerdict(slot) && slot != 0);
        assert((slot == Slots.open(other)) == (uint256(committed) >> 8 == uint256(other) >> 8));
    }

    function check_AnEndHasNoVerdict(uint8 state, uint40 time) external {
        if (state > uint8(type(RequestState).max)) return;
        vm.warp(time);
        uint256 slot = Slots.ended(RequestState(state));
        assert(uint8(Slots.state(slot)) == state && Slots.since(slot) == time);
        assert(slot & Slots.UNDELIVERED == 0 && Slots.mark(slot) == 0);
    }

    function check_AnotherStateLeavesTheRest(uint256 slot, uint8 state) external pure {
        if (state > uint8(type(RequestState).max)) return;
        uint256 changed = Slots.withState(slot, RequestState(state));
        assert(uint8(Slots.state(changed)) == state);
        assert((changed ^ slot) & ~Slots.STATE_MASK == 0);
    }

    function check_VerdictsAreThereFromRecordedOn(uint8 state, uint256 rest) external pure {
        if (state > uint8(type(RequestState).max)) return;
        RequestState named = RequestState(state);
        bool expected = named == RequestState.Recorded || named == RequestState.Challenged
            || named == RequestState.Upheld || named == RequestState.Corrected || named == RequestState.Unjudged;
        assert(Slots.hasVerdict(Slots.withState(rest, named)) == expected);
    }
}
