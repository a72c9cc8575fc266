// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { AgreementStatus, Terms } from "../types/Agreement.sol";
import { AgreementId, RequestId, SourceId } from "../types/Ids.sol";
import { Question } from "../types/Question.sol";
import { Quote } from "../types/Quote.sol";
import { Finality, Recording, RequestState } from "../types/Verdict.sol";

/// @title What is asked before a request, and done after one that went wrong
interface IRequestDesk {
    event Cancelled(RequestId indexed id);
    event FinalDelivered(RequestId indexed id, address indexed receiver);

    /// @notice No callback of this request failed.
    error NothingToDeliver(RequestId id);
    /// @notice The verdict can still change; or it can't, and nobody judged it.
    error NotFinal(RequestId id, Finality finality);
    error DeliveredFinally(RequestId id);

    /// @notice State of an agreement, since when, its end, and what it earned.
    function agreementStatus(AgreementId id) external view returns (AgreementStatus memory);

    /// @notice Reverts with the reason unless the agreement lets `controller` ask this question now.
    /// @param source Hash of the agreement's source (`Agreements.sourceId`).
    /// @dev Whether the use was taken already, the deadline will do, and the model takes requests, is for `IVerdictOracle` to say.
    function check(SourceId source, address controller, Terms calldata terms, Question question)
        external
        view
        returns (AgreementId id);

    /// @notice What a request under these terms costs and what its verdict needs. Reverts unless the model takes requests.
    function quote(Terms calldata terms) external view returns (Quote);

    function requestId(AgreementId agreement, uint32 use) external pure returns (RequestId);

    /// @notice The states of many requests, in the order of their ids. `None` for what nobody asked.
    function statesOf(RequestId[] calldata ids) external view returns (RequestState[] memory states);

    /// @notice The first use at or after `from` that no request has taken; not below the agreement's `uses` if all are taken.
    function nextUse(AgreementId agreement, uint32 from) external view returns (uint32);

    /// @notice Gives up a use of an agreement that the sender controls, so that a signature for it is worth nothing.
    function cancel(SourceId source, Terms calldata terms, uint32 use) external;

    /// @notice Delivers a verdict whose callback failed. Anyone may, with at least the gas that the request named.
    function retryCallback(Recording calldata recording) external;

    /// @notice Calls a request's controller (`IVerdictReceiver.onFinal`) once its verdict can't change any more, unless it was challenged and
    /// nobody judged it. Anyone may, once; if the controller reverts, or has no code, nothing happened, and it can be tried again.
    /// @param recording The verdict as it stands: as it was recorded, or corrected.
    function deliverFinal(Recording calldata recording) external;
}
