// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { RequestState } from "../types/Verdict.sol";

/// @title A request's one storage slot
/// @notice In the low byte the state. Above it, while the request is open, 31 bytes of its commitment; once recorded, from the low end, outcome
/// (8 bits), score (24), time (40), callback in thousands of gas (16) and the head of the trail's digest (160).
/// @dev The top bit of the state's byte says that the callback failed.
library Slots {
    uint256 internal constant STATE_MASK = 0x7f;
    uint256 internal constant UNDELIVERED = 0x80;

    function open(bytes32 committed) internal pure returns (uint256) {
        return (uint256(committed) & ~uint256(0xff)) | uint256(RequestState.Requested);
    }

    /// @dev Only the head of the trail's digest has room; the quorum signed all of it, and the event carries it. Outcome and score must
    /// be within their bounds.
    function recorded(uint256 outcome_, uint256 score_, bytes32 trail, uint16 callback_, RequestState state_)
        internal
        view
        returns (uint256)
    {
        return (uint256(trail) >> 96 << 96) | (uint256(callback_) << 80) | (block.timestamp << 40) | (score_ << 16)
            | (outcome_ << 8) | uint256(state_);
    }

    function ended(RequestState state_) internal view returns (uint256) {
        return (block.timestamp << 40) | uint256(state_);
    }

    function withState(uint256 slot, RequestState state_) internal pure returns (uint256) {
        return (slot & ~STATE_MASK) | uint256(state_);
    }

    /// @notice A challenged verdict that nobody reviewed: as if recorded now.
    function reopened(uint256 slot, uint40 since_) internal pure returns (uint256) {
        uint256 time = uint256(type(uint40).max) << 40;
        return withState((slot & ~time) | (uint256(since_) << 40), RequestState.Recorded);
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

    function callback(uint256 slot) internal pure returns (uint16) {
        return uint16(slot >> 80);
    }

    /// @notice Whether somebody asked: a use that was only given up has a state too.
    function wasAsked(uint256 slot) internal pure returns (bool) {
        RequestState state_ = state(slot);
        return state_ != RequestState.None && state_ != RequestState.Cancelled;
    }

    function hasVerdict(uint256 slot) internal pure returns (bool) {
        RequestState state_ = state(slot);
        return state_ == RequestState.Recorded || state_ >= RequestState.Challenged;
    }
}
