// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IVerdictOracle } from "../interfaces/IVerdictOracle.sol";
import { Slots } from "../libraries/Slots.sol";
import { RequestId } from "../types/Ids.sol";
import { Recording, Verdicts } from "../types/Verdict.sol";
import { RequestSlot, State } from "./State.sol";

/// @dev What a slot has no room for is handed in again, and held against its mark.
abstract contract Recordings is State {
    function _recorded(Recording calldata recording)
        internal
        view
        returns (RequestId id, RequestSlot storage slot, uint256 word)
    {
        bytes22 mark;
        (id, mark) = Verdicts.mark(recording);
        slot = _requests[id];
        word = slot.word;
        if (!Slots.hasVerdict(word) || Slots.mark(word) != mark) revert IVerdictOracle.RecordingMismatch(id);
    }
}
