// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IModelRegistry } from "../interfaces/IModelRegistry.sol";
import { IVerdictOracle } from "../interfaces/IVerdictOracle.sol";
import { ReportTree } from "../libraries/ReportTree.sol";
import { Signatures } from "../libraries/Signatures.sol";
import { Slots } from "../libraries/Slots.sol";
import { Terms } from "../types/Agreement.sol";
import { AgreementId, PoolId, RequestId, SourceId } from "../types/Ids.sol";
import { PoolSlot, Pools } from "../types/Pool.sol";
import { Delivery, Disclosure, Question, Questions } from "../types/Question.sol";
import { Quote } from "../types/Quote.sol";
import { Signers, SignersLib } from "../types/Signers.sol";
import { Answer, Attestation, Request, RequestState, RequestStatus, Verdict, Verdicts } from "../types/Verdict.sol";
import { Callbacks } from "./Callbacks.sol";
import { Consent } from "./Consent.sol";
import { Earnings } from "./Earnings.sol";
import { Quorum } from "./Quorum.sol";
import { Requests } from "./Requests.sol";
import { RequestSlot } from "./State.sol";
import { Window } from "./Window.sol";

/// @dev What is called for every verdict.
abstract contract VerdictOracle is IVerdictOracle, Consent, Requests, Quorum, Earnings, Callbacks, Window {
    using Verdicts for Request;

    /// A bitmap has so many.
    uint256 private constant MAX_ANSWERS = 256;

    /// @dev What adds up over the answers of a report.
    struct Tally {
        Signers by;
        uint256 quorum;
        uint32 currency;
        uint256 earned;
        /// Bit i: answer i was recorded and wants a callback.
        uint256 callbacks;
    }

    // Request

    /// @inheritdoc IVerdictOracle
    function request(SourceId source, Terms calldata terms, Question question) external payable returns (RequestId) {
        (AgreementId agreement, uint256 end) = _authorise(source, msg.sender, terms, question);
        Quote quote_ = _quoteNow(terms);
        _pay(msg.sender, quote_.currency(), quote_.total());
        return _open(agreement, end, msg.sender, question, quote_);
    }

    /// @inheritdoc IVerdictOracle
    function requestBySig(
        SourceId source,
        address controller,
        Terms calldata terms,
        Question question,
        uint96 tip,
        bytes calldata signature
    ) external returns (RequestId) {
        (AgreementId agreement, uint256 end) = _authorise(source, controller, terms, question);
        bytes32 digest = _hashTypedData(Verdicts.hashAsking(agreement, question, tip));
        Signatures.check(controller, digest, question.deadline(), signature);
        Quote quote_ = _quoteNow(terms);
        _debit(controller, quote_.currency(), quote_.total() + tip);
        if (tip != 0) _balances[quote_.currency()][msg.sender] += tip;
        return _open(agreement, end, controller, question, quote_);
    }

    // Record

    /// @inheritdoc IVerdictOracle
    function record(Request calldata request_, Verdict calldata verdict, Attestation calldata attestation) external {
        (RequestSlot storage slot, RequestId id, bytes32 committed) = _mustBeOpen(request_);
        _mustFit(request_, verdict, request_.question.deadline());
        Quote quote_ = request_.quote;
        bytes32 leaf = Verdicts.leaf(id, committed, verdict);
        _checkReport(attestation, quote_.quorum(), 1, leaf);
        uint256 word = _write(slot, id, request_, verdict, leaf, attestation.by);
        _earn(attestation.by, quote_.currency(), quote_.operatorsPart());
        if (request_.question.callback() != 0) _deliver(slot, word, id, request_.controller, request_.question);
    }

    /// @inheritdoc IVerdictOracle
    /// @dev Written first and checked after, in one pass over the answers: nothing outside is called in between, and without a quorum all
    /// of it reverts.
    function recordMany(Answer[] calldata answers, Attestation calldata attestation) external {
        if (answers.length == 0 || answers.length > MAX_ANSWERS) revert ReportSize(answers.length, MAX_ANSWERS);
        // slither-disable-next-line uninitialized-local
        Tally memory tally; // nothing yet
        tally.by = attestation.by;
        bytes32[] memory leaves = new bytes32[](answers.length);
        for (uint256 i = 0; i < answers.length; ++i) {
            leaves[i] = _recordOne(answers[i], i, tally);
        }
        _checkReport(attestation, tally.quorum, uint32(answers.length), ReportTree.root(leaves));
        _earn(tally.by, tally.currency, tally.earned);
        if (tally.callbacks != 0) _deliverEach(answers, tally.callbacks);
    }

    /// @inheritdoc IVerdictOracle
    function anchor(bytes32 root, uint32 count, address currency, uint8 quorum, Attestation calldata attestation)
        external
    {
        if (count == 0) revert ReportSize(count, type(uint32).max);
        // A number, as of an epoch, is no hash. Nothing is keyed by a root alone, but what no report can have isn't worth a pool.
        if (uint256(root) <= type(uint160).max) revert RootMalformed(root);
        uint32 index = _currencyIndex(currency);
        PoolId id = Pools.id(root, index, quorum);
        if (_pools[id].epoch() != 0) revert RootExists(root);
        _checkReport(attestation, quorum, count, root);
        _pools[id] = Pools.slotOf(attestation.by, index);
        emit Anchored(root, id, count);
    }

    /// @inheritdoc IVerdictOracle
    function claim(Request calldata request_, Verdict calldata verdict, bytes32[] calldata proof) external {
        (RequestSlot storage slot, RequestId id, bytes32 committed) = _mustBeOpen(request_);
        if (request_.question.delivery() != uint8(Delivery.Anchored)) revert NotAnchored(id);
        _mustFit(request_, verdict, request_.question.lastSecond());
        bytes32 leaf = Verdicts.leaf(id, committed, verdict);
        bytes32 root = ReportTree.climb(leaf, proof);
        Signers by;
        {
            Quote quote_ = request_.quote;
            PoolId poolId = Pools.id(root, quote_.currency(), quote_.quorum());
            PoolSlot pool = _pools[poolId];
            if (pool.epoch() == 0) revert RootUnknown(root);
            uint256 since = pool.since();
            if (since > request_.question.deadline()) revert DeadlinePassed(request_.question.deadline(), since);
            // A report can be older than its requests: without a bound, its signers' stakes could be gone when it is claimed.
            if (block.timestamp > since + Questions.MAX_CLAIM) revert RootTooOld(root, since);
            uint256 earned = quote_.operatorsPart();
            if (earned != 0) _addTo(poolId, pool, earned);
            by = pool.by();
        } // for the stack
        uint256 word = _write(slot, id, request_, verdict, leaf, by);
        if (request_.question.callback() != 0) _deliver(slot, word, id, request_.controller, request_.question);
    }

    // Refuse and expire

    /// @inheritdoc IVerdictOracle
    function refuse(Request calldata request_) external {
        (RequestSlot storage slot, RequestId id,) = _mustBeOpen(request_);
        if (_isGiven(request_.agreement)) revert AgreementStillValid(request_.agreement);
        _refund(slot, RequestState.Refused, request_);
        emit Refused(id);
    }

    /// @inheritdoc IVerdictOracle
    function expire(Request calldata request_) external {
        (RequestSlot storage slot, RequestId id,) = _mustBeOpen(request_);
        uint256 last = request_.question.lastSecond();
        if (block.timestamp <= last) revert DeadlineNotPassed(last, block.timestamp);
        _refund(slot, RequestState.Expired, request_);
        emit Expired(id);
    }

    // Views

    /// @inheritdoc IVerdictOracle
    function verdictOf(RequestId id) external view returns (RequestStatus memory status) {
        uint256 slot = _requests[id].word;
        status.state = Slots.state(slot);
        if (status.state == RequestState.None || status.state == RequestState.Requested) return status;
        status.since = Slots.since(slot);
        if (!Slots.hasVerdict(slot)) return status;
        status.finality = _finality(status.state, status.since);
        status.outcome = Slots.outcome(slot);
        status.score = Slots.score(slot);
        status.mark = Slots.mark(slot);
        status.undelivered = slot & Slots.UNDELIVERED != 0;
    }

    // Internals

    /// @return leaf The answer's, whether or not it could be recorded.
    function _recordOne(Answer calldata answer, uint256 index, Tally memory tally) private returns (bytes32 leaf) {
        Request calldata asked = answer.request;
        RequestId id = asked.id();
        bytes32 committed = asked.commitment();
        leaf = Verdicts.leaf(id, committed, answer.verdict);
        Quote quote_ = asked.quote;
        // One of a higher quorum would leave too few judges of the others, asked for or not.
        if (index == 0) tally.quorum = quote_.quorum();
        else if (quote_.quorum() != tally.quorum) revert QuorumMismatch(quote_.quorum(), tally.quorum);
        RequestSlot storage slot = _requests[id];
        if (slot.word != Slots.open(committed) || !_fits(asked, answer.verdict, asked.question.deadline())) {
            emit Skipped(id, _obstacle(slot.word == Slots.open(committed), asked));
            return leaf;
        }
        _write(slot, id, asked, answer.verdict, leaf, tally.by);
        if (quote_.currency() != tally.currency) {
            // Reports are mostly in one currency: what it earned is written once.
            _earn(tally.by, tally.currency, tally.earned);
            (tally.currency, tally.earned) = (quote_.currency(), 0);
        }
        unchecked {
            tally.earned += quote_.operatorsPart(); // 256 times 96 bits at most
        }
        if (asked.question.callback() != 0) tally.callbacks |= 1 << index;
    }

    /// @dev After all verdicts are written and checked.
    function _deliverEach(Answer[] calldata answers, uint256 callbacks) private {
        for (uint256 i = 0; i < answers.length; ++i) {
            Request calldata asked = answers[i].request;
            if ((callbacks >> i) & 1 == 0) continue;
            RequestId id = asked.id();
            RequestSlot storage slot = _requests[id];
            // Its word is read again: an earlier receiver may have challenged it.
            _deliver(slot, slot.word, id, asked.controller, asked.question);
        }
    }

    function _mustBeOpen(Request calldata request_)
        private
        view
        returns (RequestSlot storage slot, RequestId id, bytes32 committed)
    {
        id = request_.id();
        committed = request_.commitment();
        slot = _requests[id];
        uint256 word = slot.word;
        if (word == Slots.open(committed)) return (slot, id, committed);
        RequestState state = Slots.state(word);
        if (state == RequestState.Requested) revert RequestMismatch(id);
        revert RequestNotOpen(id, state);
    }

    /// @dev Whether a verdict on an open request may be written now, `last` being the last second for it.
    function _fits(Request calldata request_, Verdict calldata verdict, uint256 last) private view returns (bool) {
        return block.timestamp <= last && request_.isPossible(verdict) && _isGiven(request_.agreement);
    }

    function _mustFit(Request calldata request_, Verdict calldata verdict, uint256 last) private view {
        if (!_fits(request_, verdict, last)) _revertUnfit(request_, verdict, last);
    }

    /// @dev Which of `_fits`' conditions fails; asked only if one does.
    function _obstacle(bool isOpen, Request calldata request_) private view returns (Obstacle) {
        if (!isOpen) return Obstacle.NotOpen;
        if (block.timestamp > request_.question.deadline()) return Obstacle.DeadlinePassed;
        return _isGiven(request_.agreement) ? Obstacle.Malformed : Obstacle.NotAgreed;
    }

    /// @dev As `_obstacle`.
    function _revertUnfit(Request calldata request_, Verdict calldata verdict, uint256 last) private view {
        if (block.timestamp > last) revert DeadlinePassed(last, block.timestamp);
        if (!_isGiven(request_.agreement)) revert AgreementNoLongerValid(request_.agreement);
        (uint256 outcome, uint256 score) = (uint256(verdict.outcome), uint256(verdict.score));
        (uint256 disclosure, uint256 count) = (request_.question.disclosure(), request_.quote.outcomeCount());
        if (disclosure >= uint256(Disclosure.OutcomeAndScore) && score > Verdicts.MAX_SCORE) {
            revert ScoreOutOfRange(score, Verdicts.MAX_SCORE);
        }
        if (disclosure >= uint256(Disclosure.Outcome) && outcome >= count) revert OutcomeUnknown(outcome, count);
        revert NotSealed(outcome, score);
    }

    function _write(
        RequestSlot storage slot,
        RequestId id,
        Request calldata request_,
        Verdict calldata verdict,
        bytes32 leaf,
        Signers by
    ) private returns (uint256 word) {
        word = Slots.recorded(verdict, Verdicts.mark(leaf, by), RequestState.Recorded);
        slot.word = word;
        // Only agreements and models that earn cost this write; the slot is warm since consent was checked.
        if (request_.quote.rewardsOthers()) {
            _agreements[request_.agreement] = _agreements[request_.agreement].withOneMoreEarning();
        }
        if (request_.question.disclosure() == uint256(Disclosure.Everything)) {
            uint256 said = uint256(verdict.outcome) | uint256(verdict.score) << 8;
            emit Recorded(id, Signers.unwrap(by) | said << SignersLib.BITS, verdict.trail);
        } else {
            emit RecordedSealed(id, by, verdict.outcome, verdict.score, verdict.trail);
        }
    }

    function _refund(RequestSlot storage slot, RequestState state, Request calldata request_) private {
        slot.word = Slots.ended(state);
        _balances[request_.quote.currency()][request_.controller] += request_.quote.total();
    }

    function _currencyIndex(address currency) private view returns (uint32 index) {
        if (currency == address(0)) return 0;
        index = _indexes[currency];
        if (index == 0) revert IModelRegistry.CurrencyUnknown(currency);
    }
}
