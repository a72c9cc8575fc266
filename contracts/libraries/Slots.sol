// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { FixedPointMathLib } from "solady/utils/FixedPointMathLib.sol";

import { RequestState, Verdict } from "../types/Verdict.sol";

/// @title A request's one storage slot
/// @notice In the low byte the state. Above it, while the request is open, 31 bytes of its commitment; once recorded, from the low end, outcome
/// (8 bits), score (24), time (40) and mark (176). A sealed outcome is 255, a sealed score 2^24 - 1.
/// @dev The top bit of the state's byte says that the callback failed, the one below it that the final verdict was delivered.
library Slots {
    uint256 internal constant STATE_MASK = 0x3f;
    uint256 internal constant DELIVERED_FINALLY = 0x40;
    uint256 internal constant UNDELIVERED = 0x80;
    uint256 internal constant SEALED_OUTCOME = type(uint8).max;
    uint256 internal constant SEALED_SCORE = type(uint24).max;

    function open(bytes32 committed) internal pure returns (uint256) {
        return (uint256(committed) & ~uint256(0xff)) | uint256(RequestState.Requested);
    }

    /// @dev What is in clear must be within its bounds: of what is sealed nothing is kept but that it is.
    function recorded(Verdict calldata verdict, bytes22 mark_, RequestState state_) internal view returns (uint256) {
        uint256 outcome_ = FixedPointMathLib.min(uint256(verdict.outcome), SEALED_OUTCOME);
        uint256 score_ = FixedPointMathLib.min(uint256(verdict.score), SEALED_SCORE);
        return uint256(bytes32(mark_)) | (block.timestamp << 40) | (score_ << 16) | (outcome_ << 8) | uint256(state_);
    }

    function ended(RequestState state_) internal view returns (uint256) {
        return (block.timestamp << 40) | uint256(state_);
    }

    function withState(uint256 slot, RequestState state_) internal pure returns (uint256) {
        return (slot & ~STATE_MASK) | uint256(state_);
    }

    /// @dev Equals `RequestState(slot & STATE_MASK)`, less the check of the enum's range: nothing else is ever written there.
    function state(uint256 slot) internal pure returns (RequestState state_) {
        assembly ("memory-safe") {
            state_ := and(slot, STATE_MASK)
        }
    }

    function outcome(uint256 slot) internal pure returns (uint8) {
        return uint8(slot >> 8);
    }

    function score(uint256 slot) internal pure returns (uint24) {
        return uint24(slot >> 16);
    }

    function since(uint256 slot) internal pure returns (uint40) {
        return uint40(slot >> 40);
    }

    function mark(uint256 slot) internal pure returns (bytes22) {
        return bytes22(bytes32(slot));
    }

    function hasVerdict(uint256 slot) internal pure returns (bool) {
        RequestState state_ = state(slot);
        return state_ == RequestState.Recorded || state_ >= RequestState.Challenged;
    }
}
