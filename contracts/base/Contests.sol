// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ICore } from "../interfaces/ICore.sol";
import { Members } from "../libraries/Members.sol";
import { Slots } from "../libraries/Slots.sol";
import { Agreements } from "../types/Agreement.sol";
import { Ending } from "../types/Case.sol";
import { Epoch, EpochEnd } from "../types/Epoch.sol";
import { AgreementId, RequestId } from "../types/Ids.sol";
import { Signers, SignersLib } from "../types/Signers.sol";
import { Under } from "../types/Standing.sol";
import { Recording, Request, RequestState, Verdict, Verdicts } from "../types/Verdict.sol";
import { Callbacks } from "./Callbacks.sol";
import { Recordings } from "./Recordings.sol";
import { RequestSlot } from "./State.sol";
import { Window } from "./Window.sol";

/// @dev What the committee tells. Whatever it says, no money moves by it: a contest changes what a verdict says, and its state.
abstract contract Contests is ICore, Recordings, Callbacks, Window {
    using Verdicts for Request;

    /// @inheritdoc ICore
    address public immutable committee;

    modifier onlyCommittee() {
        if (msg.sender != committee) revert NotCommittee(msg.sender);
        _;
    }

    constructor(address committee_) {
        committee = committee_;
    }

    /// @inheritdoc ICore
    function setEpoch(uint32 number, uint8 seats, uint8 roll, address members, uint40 previousSignsUntil)
        external
        onlyCommittee
    {
        uint256 before = _epoch.number;
        // Nobody takes back what an epoch's members earned.
        if (number != before + 1 || members.code.length != 1 + 2 * Members.SIZE * roll) revert EpochMalformed(number);
        _epochEnds[uint32(before)] = EpochEnd(previousSignsUntil);
        _epoch = Epoch(number, seats, roll, uint40(block.timestamp), members);
        _epochs[number] = _epoch;
        emit EpochSet(number, seats, roll, members);
    }

    /// @inheritdoc ICore
    function contest(Recording calldata recording, Under calldata under)
        external
        onlyCommittee
        returns (RequestId id, address arbiter)
    {
        RequestSlot storage slot;
        uint256 word;
        (id, slot, word) = _recorded(recording);
        if (!_isContestable(Slots.state(word), Slots.since(word))) revert NotContestable(id);
        AgreementId agreement =
            Agreements.id(under.source, recording.request.controller, Agreements.termsId(under.terms));
        if (AgreementId.unwrap(agreement) != AgreementId.unwrap(recording.request.agreement)) {
            revert AgreementMismatch(id);
        }
        slot.word = Slots.withState(word, RequestState.Challenged);
        emit Contested(id);
        return (id, _arbiters[under.terms.model]);
    }

    /// @inheritdoc ICore
    function settleContest(Recording calldata recording, Ending ending, Verdict calldata verdict, uint64 judges)
        external
        onlyCommittee
    {
        (RequestId id, RequestSlot storage slot, uint256 word) = _recorded(recording);
        if (Slots.state(word) != RequestState.Challenged) revert NotContested(id);
        if (ending != Ending.Corrected) {
            RequestState state = ending == Ending.Upheld ? RequestState.Upheld : RequestState.Unjudged;
            slot.word = Slots.withState(word, state);
            emit ContestSettled(id, state);
            return;
        }
        Request calldata asked = recording.request;
        if (!asked.isPossible(verdict)) revert VerdictImpossible(id);
        Signers by = SignersLib.pack(uint32(recording.by.epoch()), judges);
        word = Slots.recorded(
            verdict, Verdicts.mark(Verdicts.leaf(id, asked.commitment(), verdict), by), RequestState.Corrected
        );
        slot.word = word;
        emit Corrected(id, by, verdict.outcome, verdict.score, verdict.trail);
        if (asked.question.callback() != 0) _deliver(slot, word, id, asked.controller, asked.question);
    }

    /// @inheritdoc ICore
    function isContested(Recording calldata recording, Verdict calldata other) external view returns (bool) {
        (RequestId id, bytes22 mark) = Verdicts.mark(recording);
        uint256 word = _requests[id].word;
        return
            Slots.state(word) == RequestState.Challenged && Slots.mark(word) == mark
                && recording.request.isPossible(other);
    }
}
