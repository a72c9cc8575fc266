// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IVerdictOracle } from "../interfaces/IVerdictOracle.sol";
import { IVerdictReceiver } from "../interfaces/IVerdictReceiver.sol";
import { Slots } from "../libraries/Slots.sol";
import { RequestId } from "../types/Ids.sol";
import { Disclosure, Question, Questions } from "../types/Question.sol";
import { RequestSlot, State } from "./State.sol";

/// @dev How a verdict is brought to its receiver: after all else is written, with the gas that the request named, and without harm to
/// anything else whatever the receiver does.
abstract contract Callbacks is State {
    uint256 private constant REASON_BYTES = 256;
    /// For what is done between the check of the gas and the call.
    uint256 private constant CALL_OVERHEAD = 10_000;

    /// @dev A receiver that reverts or runs out of gas leaves a mark in the slot, for anyone to try again.
    /// @param word The slot's: who delivers has just read or written it.
    function _deliver(RequestSlot storage slot, uint256 word, RequestId id, address receiver, Question question)
        internal
    {
        uint256 stipend = uint256(question.callback()) * Questions.CALLBACK_UNIT;
        // EIP-150 keeps a 64th back. Without this check the sender could starve the receiver by sending too little gas.
        uint256 wanted;
        unchecked {
            wanted = stipend * 64 / 63 + CALL_OVERHEAD; // of 65 million at most
        }
        if (gasleft() < wanted) revert IVerdictOracle.CallbackGasMissing(gasleft(), wanted);
        bytes memory message = question.disclosure() < uint256(Disclosure.OutcomeAndScore)
            ? abi.encodeCall(IVerdictReceiver.onSealed, (id, Slots.state(word)))
            : abi.encodeCall(
                IVerdictReceiver.onVerdict, (id, Slots.state(word), Slots.outcome(word), Slots.score(word))
            );
        // Before the call: whom the receiver calls can't have it delivered once more meanwhile.
        bool failedBefore = word & Slots.UNDELIVERED != 0;
        if (failedBefore) slot.word = word & ~Slots.UNDELIVERED;
        if (!_call(receiver, stipend, message)) {
            bytes memory reason = _reason();
            // What the receiver did meanwhile, as challenging the verdict, its revert has undone: the word is still this.
            slot.word = word | Slots.UNDELIVERED;
            emit IVerdictOracle.DeliveryFailed(id, receiver, reason);
        } else if (failedBefore) {
            // Only here: that a first callback came through, no `DeliveryFailed` says as well, and for nothing.
            emit IVerdictOracle.Delivered(id, receiver);
        }
    }

    /// @dev Copies nothing of what is returned, which could be as long as the gas lasts. Where there is no code a call succeeds, and nobody is
    /// told: a receiver that is deployed later can still be.
    function _call(address receiver, uint256 stipend, bytes memory message) private returns (bool success) {
        assembly ("memory-safe") {
            success := call(stipend, receiver, 0, add(message, 0x20), mload(message), 0, 0)
            success := and(success, iszero(iszero(extcodesize(receiver))))
        }
    }

    /// @return reason What the last call returned, at most `REASON_BYTES` of it.
    function _reason() private pure returns (bytes memory reason) {
        uint256 size;
        assembly ("memory-safe") {
            size := returndatasize()
        }
        reason = new bytes(size < REASON_BYTES ? size : REASON_BYTES);
        assembly ("memory-safe") {
            returndatacopy(add(reason, 0x20), 0, mload(reason))
        }
    }
}
