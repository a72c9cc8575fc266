// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Ownable } from "@openzeppelin/contracts/access/Ownable.sol";

import { IAssent } from "../interfaces/IAssent.sol";
import { Terms } from "../types/Agreement.sol";
import { RequestId, SourceId } from "../types/Ids.sol";
import { Asked, Delivery, Disclosure, Questions } from "../types/Question.sol";
import { Steps } from "../types/Scope.sol";
import { RequestState } from "../types/Verdict.sol";
import { VerdictConsumer } from "./VerdictConsumer.sol";

/// @title A clinic that asks for verdicts on its patients' records
/// @notice A worked example. The clinic is the controller of its patients' agreements. It is told of a verdict at once, and only says so;
/// whoever is found to need it is on the list for a recall when the verdict can't change any more.
contract Clinic is VerdictConsumer, Ownable {
    /// Thousands of gas for the callback: it emits an event.
    uint16 internal constant CALLBACK = 20;

    uint8 public immutable purpose;
    /// Outcome of the model that calls for a recall.
    uint8 public immutable recallOutcome;

    mapping(RequestId id => bool) public recalled;

    event Recalled(RequestId indexed id, uint32 score);
    /// @notice There is a verdict, which may still be found false.
    event Pending(RequestId indexed id, RequestState state, uint8 outcome);

    constructor(IAssent oracle_, uint8 purpose_, uint8 recallOutcome_) VerdictConsumer(oracle_) Ownable(msg.sender) {
        (purpose, recallOutcome) = (purpose_, recallOutcome_);
    }

    /// @notice Asks under an agreement whose controller is this contract; send the quote's total along.
    function ask(SourceId source, Terms calldata terms, uint32 use) external payable onlyOwner returns (RequestId) {
        Asked memory asked = Asked({
            use: use,
            deadline: uint40(block.timestamp + 1 hours),
            purpose: purpose,
            step: Steps.INFER,
            callback: CALLBACK,
            delivery: Delivery.Recorded,
            disclosure: Disclosure.Everything,
            modifiers: 0,
            place: 0
        });
        return _ask(source, terms, Questions.pack(asked), msg.value);
    }

    function _authoriseWithdrawal(address) internal view override onlyOwner { }

    function _onFinal(RequestId id, uint8 outcome, uint32 score) internal override {
        if (outcome != recallOutcome) return;
        recalled[id] = true;
        emit Recalled(id, score);
    }

    function _onProvisional(RequestId id, RequestState state, uint8 outcome, uint32) internal override {
        emit Pending(id, state, outcome);
    }
}
