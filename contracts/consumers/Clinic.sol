// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Ownable } from "@openzeppelin/contracts/access/Ownable.sol";

import { Assent } from "../Assent.sol";
import { Agreement, Steps } from "../types/Agreement.sol";
import { RequestId } from "../types/Ids.sol";
import { RequestState, RequestStatus } from "../types/Verdict.sol";

/// @title A contract that asks for verdicts
/// @notice A worked example: a clinic that is the controller of its patients' agreements. Only its owner may ask, for each request takes
/// a use of an agreement.
contract Clinic is Ownable {
    Assent internal immutable oracle;
    uint8 internal immutable purpose;

    error NoVerdict(RequestState state);

    constructor(Assent oracle_, uint8 purpose_) Ownable(msg.sender) {
        (oracle, purpose) = (oracle_, purpose_);
    }

    /// @notice Asks under an agreement whose controller is this contract; send the model's fee along.
    function ask(Agreement calldata agreement, uint32 use) external payable onlyOwner returns (RequestId) {
        uint40 deadline = uint40(block.timestamp + 1 hours);
        return oracle.request{ value: msg.value }(agreement, purpose, Steps.INFER, use, deadline);
    }

    /// @notice The verdict's label and score (parts per million), once recorded.
    function result(RequestId id) external view returns (uint8 outcome, uint24 score) {
        RequestStatus memory status = oracle.verdictOf(id);
        if (status.state != RequestState.Recorded) revert NoVerdict(status.state);
        return (status.outcome, status.score);
    }

    /// @notice Fetches the fees of requests that ended without a verdict.
    function reclaim(address payable to) external onlyOwner returns (uint256) {
        return oracle.withdrawCredits(to);
    }
}
