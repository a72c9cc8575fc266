// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { RequestId } from "../types/Ids.sol";
import { RequestState } from "../types/Verdict.sol";

/// @title A contract that is called with its verdicts
interface IVerdictReceiver {
    /// @notice Called with a verdict that this contract asked for, with the gas that the request named; once more if it is corrected.
    /// @dev Check that the sender is the oracle. A revert doesn't undo the verdict: anyone can have it delivered again.
    /// @param state `Recorded`, `Challenged`, `Upheld` or `Corrected`.
    /// @param score Parts per million.
    function onVerdict(RequestId id, RequestState state, uint8 outcome, uint32 score) external;

    /// @notice The same, of a verdict whose score, or more, is sealed: it says that there is one, and nothing of it. An outcome in clear is
    /// in `verdictOf`.
    function onSealed(RequestId id, RequestState state) external;
}
