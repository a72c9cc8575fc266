// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ECDSA } from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import { FixedPointMathLib } from "solady/utils/FixedPointMathLib.sol";

import { IArbiter } from "../interfaces/IArbiter.sol";
import { ITreasury } from "../interfaces/ITreasury.sol";
import { IVerdictOracle } from "../interfaces/IVerdictOracle.sol";
import { Members } from "../libraries/Members.sol";
import { ReportTree } from "../libraries/ReportTree.sol";
import { Slots } from "../libraries/Slots.sol";
import { Agreements } from "../types/Agreement.sol";
import { Challenge, ChallengeTerms, Challenges, Reference, Testimony } from "../types/Challenge.sol";
import { AgreementId, RequestId } from "../types/Ids.sol";
import { Model, Models } from "../types/Model.sol";
import { Operators } from "../types/Operator.sol";
import { Disclosure } from "../types/Question.sol";
import { Under } from "../types/Standing.sol";
import { Attestation, Recording, Request, RequestState, Verdict, Verdicts } from "../types/Verdict.sol";
import { Callbacks } from "./Callbacks.sol";
import { Candidates } from "./Candidates.sol";
import { Earnings } from "./Earnings.sol";
import { Recordings } from "./Recordings.sol";
import { RequestSlot } from "./State.sol";

/// @dev How a verdict is contested, and what becomes of those who signed a wrong one.
abstract contract Arbiter is IArbiter, Candidates, Earnings, Recordings, Callbacks {
    using Challenges for Reference;
    using Models for Model;
    using Verdicts for Request;

    uint32 private constant ETHER = 0;
    /// Offences, a bit each.
    uint8 private constant CORRECTED = 1;
    uint8 private constant CONFLICT = 2;

    uint40 private immutable _window;
    uint40 private immutable _reviewTime;
    uint96 private immutable _bond;
    uint96 private immutable _penalty;

    constructor(ChallengeTerms memory terms) {
        (_window, _reviewTime, _bond, _penalty) = (terms.window, terms.reviewTime, terms.bond, terms.penalty);
    }

    // Challenge

    /// @inheritdoc IArbiter
    function challenge(RequestId id) external payable {
        ChallengeTerms memory terms = _challengeTerms();
        uint256 slot = _requests[id].word;
        if (Slots.state(slot) != RequestState.Recorded || block.timestamp > Slots.since(slot) + terms.window) {
            revert NotContestable(id);
        }
        if (msg.value != terms.bond) revert BondMismatch(msg.value, terms.bond);
        uint40 until = uint40(block.timestamp + terms.reviewTime);
        _challenges[id] = Challenge(msg.sender, terms.bond, until, Slots.outcome(slot), Slots.score(slot), false);
        _requests[id].word = Slots.withState(slot, RequestState.Challenged);
        emit Challenged(id, msg.sender, msg.value, until);
    }

    /// @inheritdoc IArbiter
    function review(
        Recording calldata recording,
        Under calldata under,
        Model calldata model,
        Verdict calldata verdict,
        Attestation calldata attestation
    ) external {
        (RequestId id, RequestSlot storage slot,) = _recorded(recording);
        Challenge memory challenged = _challenged(id);
        if (block.timestamp > challenged.until) revert ReviewTooLate(challenged.until, block.timestamp);
        Request calldata asked = recording.request;
        _mustBeOf(asked, under, model);
        if (!asked.isPossible(verdict)) revert VerdictImpossible(id);
        _checkReview(id, model.quorum, verdict, attestation);
        uint256 difference = _difference(verdict.score, recording.verdict.score);
        bool sameOutcome = verdict.outcome == recording.verdict.outcome;
        if (sameOutcome && difference <= _allowed(model)) {
            _uphold(id, challenged.bond, attestation);
            return;
        }
        _challenges[id].faulty = _contradict(difference, sameOutcome, model);
        _balances[ETHER][challenged.challenger] += challenged.bond;
        bytes32 leaf = Verdicts.leaf(id, asked.commitment(), verdict);
        uint256 word = Slots.recorded(verdict, Verdicts.mark(leaf, attestation.by), RequestState.Corrected);
        slot.word = word;
        emit Corrected(id, attestation.by, verdict.outcome, verdict.score, verdict.trail);
        if (asked.question.callback() != 0) _deliver(slot, word, id, asked.controller, asked.question);
    }

    /// @inheritdoc IArbiter
    function lapse(RequestId id) external {
        Challenge memory challenged = _challenged(id);
        if (block.timestamp <= challenged.until) revert ReviewStillDue(challenged.until, block.timestamp);
        delete _challenges[id];
        // Anew: else a committee could wait until a verdict is safe from all challenges. From when it was due, not from now: a lapse that
        // comes late mustn't open a window for which nobody's stake is bonded any more. Anyone may lapse in time.
        _requests[id].word = Slots.reopened(_requests[id].word, challenged.until + 1);
        _balances[ETHER][challenged.challenger] += challenged.bond;
        emit ChallengeLapsed(id);
    }

    // Punish

    /// @inheritdoc IArbiter
    function punish(Testimony calldata testimony) external {
        RequestId id = testimony.request.id();
        Challenge memory corrected = _challenges[id];
        bool signedIt = uint256(testimony.verdict.outcome) == corrected.outcome
            && uint256(testimony.verdict.score) == corrected.score;
        if (Slots.state(_requests[id].word) != RequestState.Corrected || !signedIt) revert TestimonyIrrelevant(id);
        if (!corrected.faulty) revert CorrectedWithoutFault(id);
        _punish(id, _witness(testimony), corrected.challenger, CORRECTED);
    }

    /// @inheritdoc IArbiter
    function punishConflict(
        Reference calldata named,
        Model calldata model,
        Testimony calldata first,
        Testimony calldata second
    ) external {
        RequestId id = named.id();
        // Of a request that was never made, an operator could sign what it likes to be slashed to an accomplice.
        if (!Slots.wasAsked(_requests[id].word) || first.request.id() != id || second.request.id() != id) {
            revert TestimonyIrrelevant(id);
        }
        _mustBeOf(named, model);
        // Of what is sealed nothing can be told.
        if (first.request.question.disclosure() != uint256(Disclosure.Everything)) revert TestimonyIrrelevant(id);
        uint256 difference = _difference(first.verdict.score, second.verdict.score);
        if (!_contradict(difference, first.verdict.outcome == second.verdict.outcome, model)) {
            revert TestimoniesCompatible(difference, _allowed(model));
        }
        address operator = _witness(first);
        if (_witness(second) != operator) revert TestimonyIrrelevant(id);
        _punish(id, operator, msg.sender, CONFLICT);
    }

    // Views

    /// @inheritdoc IArbiter
    function challengeOf(RequestId id) external view returns (Challenge memory) {
        return _challenges[id];
    }

    /// @inheritdoc IArbiter
    function challengeTerms() external view returns (ChallengeTerms memory) {
        return _challengeTerms();
    }

    // Internals

    function _challengeTerms() private view returns (ChallengeTerms memory) {
        return ChallengeTerms(_window, _reviewTime, _bond, _penalty);
    }

    /// @dev No less than the model asks for, and a supermajority. One more than that, and members that fail or lie could veto every review.
    function _checkReview(RequestId id, uint256 quorum, Verdict calldata verdict, Attestation calldata attestation)
        private
        view
    {
        uint256 epoch = attestation.by.epoch();
        bytes memory members = _membersFor(epoch);
        uint256 wanted = Operators.supermajority(members.length / Members.SIZE);
        if (wanted < quorum) wanted = quorum;
        _checkCommittee(attestation, members, wanted, Challenges.hashReview(epoch, id, verdict));
    }

    function _uphold(RequestId id, uint96 bond, Attestation calldata attestation) private {
        _requests[id].word = Slots.withState(_requests[id].word, RequestState.Upheld);
        _earn(attestation.by, ETHER, bond);
        emit Upheld(id, attestation.by);
    }

    /// @dev Half of the penalty is the reward; the rest is nobody's, so that slashing oneself doesn't pay. A wrong verdict and a conflict are
    /// punished apart: nobody can save the larger part of its stake by reporting itself for the other.
    function _punish(RequestId id, address operator, address beneficiary, uint8 offence) private {
        uint8 punished = _punished[id][operator];
        if (punished & offence != 0) revert AlreadyPunished(id, operator);
        _punished[id][operator] = punished | offence;
        uint256 penalty = _takeStake(operator, _challengeTerms().penalty);
        if (penalty == 0) revert NothingToSlash(operator); // it stays punishable, should it stake again
        uint256 reward = penalty / 2;
        _balances[ETHER][beneficiary] += reward;
        _balances[ETHER][address(0)] += penalty - reward;
        emit OperatorSlashed(id, operator, beneficiary, penalty, reward);
    }

    /// @dev An honest operator signs whatever is within the tolerance of its own score: two such are at most twice that apart.
    function _allowed(Model calldata model) private pure returns (uint256) {
        return 2 * uint256(model.tolerance);
    }

    /// @dev Whether no honest operator could have signed both. The outcome goes with the score that was proposed: the same score has one
    /// outcome, but of two scores close to a threshold, each may have its own.
    function _contradict(uint256 difference, bool sameOutcome, Model calldata model) private pure returns (bool) {
        return difference > _allowed(model) || (difference == 0 && !sameOutcome);
    }

    function _difference(bytes32 first, bytes32 second) private pure returns (uint256) {
        return FixedPointMathLib.dist(uint256(first), uint256(second));
    }

    function _mustBeOf(Request calldata asked, Under calldata under, Model calldata model) private pure {
        AgreementId id = Agreements.id(under.source, asked.controller, Agreements.termsId(under.terms));
        if (AgreementId.unwrap(id) != AgreementId.unwrap(asked.agreement) || model.id() != under.terms.model) {
            revert ITreasury.ModelMismatch();
        }
    }

    function _mustBeOf(Reference calldata named, Model calldata model) private pure {
        if (model.id() != named.terms.model) revert ITreasury.ModelMismatch();
    }

    /// @return operator Whose signature it is, whichever of its keys made it.
    function _witness(Testimony calldata testimony) private view returns (address operator) {
        bytes32 leaf = Verdicts.leaf(testimony.request.id(), testimony.request.commitment(), testimony.verdict);
        bytes32 root = ReportTree.climb(leaf, testimony.proof);
        bytes32 digest = _hashTypedData(Verdicts.hashReport(testimony.epoch, testimony.count, root));
        bytes calldata signature = testimony.signature;
        if (signature.length != 64) revert IVerdictOracle.SignaturesMalformed(signature.length, 64);
        // slither-disable-next-line unused-return
        (address attester,,) = ECDSA.tryRecover(digest, bytes32(signature[:32]), bytes32(signature[32:]));
        operator = _operatorOf[attester]; // an error recovers nobody, who is nobody's attester
        if (operator == address(0)) revert AttesterUnknown(attester);
    }

    function _challenged(RequestId id) private view returns (Challenge memory) {
        if (Slots.state(_requests[id].word) != RequestState.Challenged) revert NotChallenged(id);
        return _challenges[id];
    }
}
