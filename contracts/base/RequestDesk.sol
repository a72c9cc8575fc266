// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IRequestDesk } from "../interfaces/IRequestDesk.sol";
import { IVerdictOracle } from "../interfaces/IVerdictOracle.sol";
import { IVerdictReceiver } from "../interfaces/IVerdictReceiver.sol";
import { Slots } from "../libraries/Slots.sol";
import { AgreementStatus, Agreements, Terms } from "../types/Agreement.sol";
import { AgreementId, RequestId, SourceId } from "../types/Ids.sol";
import { Question } from "../types/Question.sol";
import { Quote } from "../types/Quote.sol";
import { Finality, Recording, RequestState, Verdicts } from "../types/Verdict.sol";
import { Callbacks } from "./Callbacks.sol";
import { Consent } from "./Consent.sol";
import { Recordings } from "./Recordings.sol";
import { Requests } from "./Requests.sol";
import { RequestSlot } from "./State.sol";
import { Window } from "./Window.sol";

/// @dev What is asked before a request, and done after one that went wrong.
abstract contract RequestDesk is IRequestDesk, Consent, Requests, Recordings, Callbacks, Window {
    /// @inheritdoc IRequestDesk
    function agreementStatus(AgreementId id) external view returns (AgreementStatus memory) {
        return _agreements[id].status();
    }

    /// @inheritdoc IRequestDesk
    function check(SourceId source, address controller, Terms calldata terms, Question question)
        external
        view
        returns (AgreementId id)
    {
        // slither-disable-next-line unused-return
        (id,) = _authorise(source, controller, terms, question); // the end is for a deadline, which isn't looked at
    }

    /// @inheritdoc IRequestDesk
    function quote(Terms calldata terms) external view returns (Quote) {
        return _quote(terms);
    }

    /// @inheritdoc IRequestDesk
    function requestId(AgreementId agreement, uint32 use) external pure returns (RequestId) {
        return Verdicts.id(agreement, use);
    }

    /// @inheritdoc IRequestDesk
    function statesOf(RequestId[] calldata ids) external view returns (RequestState[] memory states) {
        states = new RequestState[](ids.length);
        for (uint256 i = 0; i < ids.length; ++i) {
            states[i] = Slots.state(_requests[ids[i]].word);
        }
    }

    /// @inheritdoc IRequestDesk
    function nextUse(AgreementId agreement, uint32 from) external view returns (uint32 use) {
        use = from;
        while (_requests[Verdicts.id(agreement, use)].word != 0) ++use;
    }

    /// @inheritdoc IRequestDesk
    function cancel(SourceId source, Terms calldata terms, uint32 use) external {
        RequestId id = Verdicts.id(Agreements.id(source, msg.sender, Agreements.termsId(terms)), use);
        if (_requests[id].word != 0) revert IVerdictOracle.RequestExists(id);
        _requests[id].word = Slots.ended(RequestState.Cancelled);
        emit Cancelled(id);
    }

    /// @inheritdoc IRequestDesk
    function retryCallback(Recording calldata recording) external {
        (RequestId id, RequestSlot storage slot, uint256 word) = _recorded(recording);
        if (word & Slots.UNDELIVERED == 0) revert NothingToDeliver(id);
        _deliver(slot, word, id, recording.request.controller, recording.request.question);
    }

    /// @inheritdoc IRequestDesk
    /// @dev Whoever sends pays for what the receiver does, and nothing of it counts if that reverts: so no gas is set apart here.
    function deliverFinal(Recording calldata recording) external {
        (RequestId id, RequestSlot storage slot, uint256 word) = _recorded(recording);
        RequestState state = Slots.state(word);
        Finality finality = _finality(state, Slots.since(word));
        // What nobody judged may be false.
        if (finality != Finality.Final || state == RequestState.Unjudged) revert NotFinal(id, finality);
        if (word & Slots.DELIVERED_FINALLY != 0) revert DeliveredFinally(id);
        // Before the call: whom the receiver calls can't have it delivered once more.
        slot.word = word | Slots.DELIVERED_FINALLY;
        address receiver = recording.request.controller;
        emit FinalDelivered(id, receiver);
        IVerdictReceiver(receiver).onFinal(id, state);
    }
}
