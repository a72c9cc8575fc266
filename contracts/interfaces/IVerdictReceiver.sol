// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { RequestId } from "../types/Ids.sol";
import { RequestState } from "../types/Verdict.sol";

/// @title A contract that is called with its verdicts
/// @notice `onFinal` is for who acts on a verdict. The other two come as soon as there is one, which may still be found false.
interface IVerdictReceiver {
    /// @notice Called once, when a verdict that this contract asked for can't change any more (`IRequestDesk.deliverFinal`): what it says is in
    /// `verdictOf`.
    /// @dev Check that the sender is the oracle. A revert undoes the delivery: anyone can try it again. Whoever sends chooses the gas.
    /// @param state `Recorded`, `Upheld` or `Corrected`.
    function onFinal(RequestId id, RequestState state) external;

    /// @notice Called with a verdict that may still change, with the gas that the request named; once more if it is corrected.
    /// @dev Check that the sender is the oracle. A revert doesn't undo the verdict: anyone can have it delivered again.
    /// @param state `Recorded`, `Challenged`, `Upheld`, `Corrected` or `Unjudged`.
    /// @param score Parts per million.
    function onVerdict(RequestId id, RequestState state, uint8 outcome, uint32 score) external;

    /// @notice The same, of a verdict whose score, or more, is sealed: it says that there is one, and nothing of it. An outcome in clear is
    /// in `verdictOf`.
    function onSealed(RequestId id, RequestState state) external;
}
