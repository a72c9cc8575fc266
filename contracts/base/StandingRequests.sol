// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentRegistry } from "../interfaces/IConsentRegistry.sol";
import { IStandingRequests } from "../interfaces/IStandingRequests.sol";
import { IVerdictOracle } from "../interfaces/IVerdictOracle.sol";
import { AgreementSlot } from "../types/Agreement.sol";
import { AgreementId, RequestId, StandingId } from "../types/Ids.sol";
import { Question, Questions } from "../types/Question.sol";
import { Quote } from "../types/Quote.sol";
import { Schedule, StandingRequest, StandingStatus, Standings, Under } from "../types/Standing.sol";
import { Consent } from "./Consent.sol";
import { Requests } from "./Requests.sol";

/// @dev Requests that come back.
abstract contract StandingRequests is IStandingRequests, Consent, Requests {
    /// @inheritdoc IStandingRequests
    function stand(Under[] calldata under, Question question, Schedule calldata schedule)
        external
        payable
        returns (StandingId[] memory ids)
    {
        _wellFormed(question, schedule);
        if (under.length == 0) revert ScheduleMalformed("under");
        ids = new StandingId[](under.length);
        uint256 total = 0;
        uint32 currency = _quote(under[0].terms).currency();
        for (uint256 i = 0; i < under.length; ++i) {
            uint256 price;
            (ids[i], price) = _standOne(under[i], question, schedule, currency);
            total += price;
        }
        _pay(msg.sender, currency, total);
    }

    /// @inheritdoc IStandingRequests
    function openRound(StandingRequest calldata standing, uint32 round) external returns (RequestId id) {
        StandingId standingId = Standings.id(standing);
        StandingStatus memory status = _active(standingId);
        _checkDue(standing.schedule, status.next, round);
        AgreementSlot agreement = _agreements[standing.agreement];
        uint40 end = agreement.validUntil();
        if (!agreement.isGiven() || block.timestamp >= end) {
            revert IVerdictOracle.AgreementNoLongerValid(standing.agreement);
        }
        _standing[standingId] = StandingStatus(true, status.opened + 1, round + 1);
        uint40 deadline = uint40(block.timestamp) + standing.schedule.window;
        if (deadline >= end) deadline = end - 1; // the last rounds may have less time
        Question question = standing.question.forRound(standing.question.use() + round, deadline);
        id = _open(standing.agreement, end, standing.controller, question, standing.quote);
        emit RoundOpened(standingId, round, id);
    }

    /// @inheritdoc IStandingRequests
    function endStanding(StandingRequest calldata standing) external {
        StandingId id = Standings.id(standing);
        StandingStatus memory status = _active(id);
        if (msg.sender != standing.controller && !_isOver(standing, status.next)) revert StandingStillRuns(id);
        _standing[id] = StandingStatus(false, status.opened, standing.schedule.rounds); // none is to come: it can't be made again
        uint256 refund = standing.quote.total() * (standing.schedule.rounds - status.opened);
        if (refund != 0) _balances[standing.quote.currency()][standing.controller] += refund;
        emit StandingEnded(id, refund);
    }

    /// @inheritdoc IStandingRequests
    function standingStatus(StandingId id) external view returns (StandingStatus memory) {
        return _standing[id];
    }

    function _standOne(Under calldata under, Question question, Schedule calldata schedule, uint32 currency)
        private
        returns (StandingId id, uint256 price)
    {
        // slither-disable-next-line unused-return
        (AgreementId agreement,) = _authorise(under.source, msg.sender, under.terms, question); // rounds end with it, one by one
        uint256 end = uint256(question.use()) + schedule.rounds;
        if (end > under.terms.uses) revert IConsentRegistry.UsesSpent(uint32(end - 1), under.terms.uses);
        // Its rounds' money would be in escrow for longer than the span that a cap goes by.
        if (_published(under.terms.model).isCapped()) revert ScheduleMalformed("model");
        Quote quote = _quote(under.terms);
        if (quote.currency() != currency) revert ScheduleMalformed("currency");
        id = Standings.id(StandingRequest(agreement, msg.sender, question, quote, schedule));
        StandingStatus memory status = _standing[id];
        if (status.active || status.next != 0) revert StandingExists(id);
        _standing[id] = StandingStatus(true, 0, 0);
        price = quote.total() * schedule.rounds;
        emit StandingMade(id, agreement, msg.sender, question, schedule);
    }

    function _active(StandingId id) private view returns (StandingStatus memory status) {
        status = _standing[id];
        if (!status.active) revert StandingNotActive(id);
    }

    /// @dev Whether no round can be opened any more. An agreement whose time has run out may be renewed, so rounds that are yet to come keep it
    /// running, and so do those that are caught up with, until the schedule is through.
    function _isOver(StandingRequest calldata standing, uint32 next) private view returns (bool) {
        Schedule calldata schedule = standing.schedule;
        AgreementSlot agreement = _agreements[standing.agreement];
        if (next >= schedule.rounds || !agreement.isGiven()) return true;
        uint256 end = uint256(schedule.start) + uint256(schedule.rounds) * schedule.interval;
        return _clock(schedule) >= end && !(schedule.catchUp && block.timestamp < agreement.validUntil());
    }

    function _clock(Schedule calldata schedule) private view returns (uint256) {
        return schedule.inBlocks ? block.number : block.timestamp;
    }

    function _checkDue(Schedule calldata schedule, uint32 next, uint32 round) private view {
        if (round < next || round >= schedule.rounds) revert RoundOver(round);
        // Rounds that may be opened late are opened in their order: a later one would lose those before it.
        if (schedule.catchUp && round != next) revert RoundOver(round);
        uint256 clock = _clock(schedule);
        uint256 due = uint256(schedule.start) + uint256(round) * schedule.interval;
        if (clock < due) revert RoundNotDue(due, clock);
        if (!schedule.catchUp && clock >= due + schedule.interval) revert RoundOver(round);
    }

    function _wellFormed(Question question, Schedule calldata schedule) private pure {
        if (schedule.interval == 0) revert ScheduleMalformed("interval");
        if (schedule.window < Questions.MIN_OPEN || schedule.window > Questions.MAX_OPEN) {
            revert ScheduleMalformed("window");
        }
        if (schedule.rounds == 0) revert ScheduleMalformed("rounds");
        if (question.deadline() != 0) revert ScheduleMalformed("deadline");
        if (!question.isWellFormed()) revert IVerdictOracle.QuestionMalformed(question);
        if (uint256(question.use()) + schedule.rounds > type(uint32).max) revert ScheduleMalformed("use");
    }
}
