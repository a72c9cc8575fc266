// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Challenges, Testimony } from "../../../contracts/types/Challenge.sol";
import { Pools } from "../../../contracts/types/Pool.sol";
import { Disclosure } from "../../../contracts/types/Question.sol";
import { Signers } from "../../../contracts/types/Signers.sol";
import { Attestation, RequestState, Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { inClear } from "../base/Verdict.sol";
import { AheadHandler } from "./AheadHandler.sol";
import { DisciplineHandler } from "./DisciplineHandler.sol";
import { KnownOperator, KnownRequest } from "./Ledger.sol";

/// @notice Verdicts are challenged, reviewed or left; who signed a wrong one is punished.
abstract contract ArbiterHandler is AheadHandler, DisciplineHandler {
    function challenge(uint256 seed) external counted {
        challengeOne(seed);
    }

    function review(uint256 seed) external counted {
        reviewOne(seed);
    }

    /// @dev Without these two a run would rarely come to a review.
    function recordAndChallenge(uint256 seed) external counted {
        ask(seed);
        recordOne(seed);
        challengeOne(seed);
    }

    function challengeAndReview(uint256 seed) external counted {
        challengeOne(seed);
        reviewOne(seed);
    }

    function challengeOne(uint256 seed) internal {
        if (requests.length == 0) return;
        KnownRequest storage made = requestIn(seed, RequestState.Recorded);
        uint256 bond = chance(seed, "another bond", 12) ? BOND - 1 : BOND;
        bytes memory data = abi.encodeCall(assent.challenge, (made.id));
        address sender = anyone(seed);
        bool expected = contestable(made) && bond == BOND;
        if (attempt("challenge", sender, bond, data, expected)) challenged(made, sender);
    }

    /// @dev The same verdict, or one near it, or another; by enough, or now and then by one too few.
    function reviewOne(uint256 seed) internal {
        if (requests.length == 0) return;
        KnownRequest storage made = requestIn(seed, RequestState.Challenged);
        Verdict memory verdict = made.verdict;
        if (chance(seed, "another verdict", 2)) {
            verdict = verdictFor(made, seed);
        } else if (uint256(verdict.score) > 2001) {
            verdict.score = inClear(uint256(verdict.score) - draw(seed, "near", 0, 2001));
        }
        if (chance(seed, "other side", 4)) verdict.outcome = made.verdict.outcome ^ bytes32(uint256(1));
        uint32 epoch = epochToSign(seed, 0);
        uint256 size = membersAtRotation[epoch].length;
        uint256 wanted = _reviewers(made, size);
        if (wanted > size) return; // the epoch before this one was too small
        uint256 given = chance(seed, "too few", 8) ? wanted - 1 : draw(seed, "given", wanted, size);
        bytes32 structHash = keccak256(
            abi.encode(Challenges.REVIEW_TYPEHASH, epoch, made.id, verdict.outcome, verdict.score, verdict.trail)
        );
        Attestation memory attestation = attestReport(epoch, structHash, signersOf(seed, size, given));
        bool expected = made.state == RequestState.Challenged && time() <= made.reviewUntil && given >= wanted;
        bytes memory data =
            abi.encodeCall(assent.review, (recordingOf(made), underOf(made), modelOf(made), verdict, attestation));
        if (attempt("review", relayer, 0, data, expected)) _reviewed(made, verdict, attestation.by);
    }

    function lapse(uint256 seed) external counted {
        if (requests.length == 0) return;
        KnownRequest storage made = requestIn(seed, RequestState.Challenged);
        if (made.state == RequestState.Challenged && chance(seed, "patient", 4)) waitUntil(made.reviewUntil + 1);
        bool expected = made.state == RequestState.Challenged && time() > made.reviewUntil;
        if (!attempt("lapse", stranger, 0, abi.encodeCall(assent.lapse, (made.id)), expected)) return;
        move(made, RequestState.Recorded);
        made.since = made.reviewUntil + 1;
        ++made.lapses;
        credit(0, made.challenger, BOND);
    }

    /// @dev Who signed the first verdict.
    function punish(uint256 seed) external counted {
        if (requests.length == 0) return;
        KnownRequest storage made = requestIn(seed, RequestState.Corrected);
        if (made.epoch == 0) return; // nobody ever signed anything about it
        uint256 index = draw(seed, "index", 0, membersAtRotation[made.epoch].length - 1);
        while ((made.signers >> index) & 1 == 0) index = (index + 1) % 64;
        address attester = membersAtRotation[made.epoch][index];
        bytes32 offence = _offence(made, attester, "corrected");
        bool expected = made.state == RequestState.Corrected && made.faulty && _punishable(offence, attester);
        // The challenge knows of what is sealed only that it is.
        expected = expected && made.terms.question.disclosure() > 1;
        bytes memory data = abi.encodeCall(assent.punish, (_testimony(made, made.first, attester)));
        if (attempt("punish", relayer, 0, data, expected)) _punish(offence, attester, made.challenger);
    }

    /// @dev Two verdicts of one signer: too far apart for an honest one, or not.
    function punishConflict(uint256 seed) external counted {
        // Seldom, or nobody would have a stake any more.
        if (requests.length == 0 || !chance(seed, "seldom", 3)) return;
        KnownRequest storage made = requests[draw(seed, "request", 0, requests.length - 1)];
        address attester = attesters[draw(seed, "attester", 0, attesters.length - 1)];
        Verdict memory one = verdictFor(made, seed);
        Verdict memory two = verdictFor(made, ~seed);
        uint256 score = uint256(one.score);
        if (chance(seed, "close", 3)) two.score = inClear(score > 2000 ? score - 2000 : score + 2000);
        if (chance(seed, "alike", 4)) two.score = one.score;
        bool expected = _contradict(made, one, two) && _punishable(_offence(made, attester, "conflict"), attester);
        expected = expected && made.state != RequestState.Cancelled; // else it was asked
        expected = expected && made.terms.question.disclosure() == uint256(Disclosure.Everything);
        (Testimony memory first, Testimony memory second) =
            (_testimony(made, one, attester), _testimony(made, two, attester));
        bytes memory data = abi.encodeCall(assent.punishConflict, (referTo(made), modelOf(made), first, second));
        if (attempt("punishConflict", stranger, 0, data, expected)) {
            _punish(_offence(made, attester, "conflict"), attester, stranger);
        }
    }

    /// @dev Another than who signed the first verdict; or a verdict that isn't the first; or of a verdict that stands.
    function punishForbidden(uint256 seed) external counted {
        if (requests.length == 0) return;
        KnownRequest storage made = requestIn(seed, RequestState.Corrected);
        Verdict memory verdict = made.first;
        address attester = attesters[draw(seed, "attester", 0, attesters.length - 1)];
        if (seed % 2 == 0) verdict.score ^= bytes32(uint256(1));
        Testimony memory testimony = _testimony(made, verdict, attester);
        if (seed % 2 == 1) testimony.signature = sign(strangerKey, bytes32(seed));
        attempt("punishForbidden", relayer, 0, abi.encodeCall(assent.punish, (testimony)), false);
    }

    function _reviewers(KnownRequest storage made, uint256 size) private view returns (uint256 wanted) {
        uint256 quorum = made.terms.quote.quorum();
        wanted = size * 2 / 3 + 1;
        if (wanted < quorum) wanted = quorum;
    }

    function _reviewed(KnownRequest storage made, Verdict memory verdict, Signers by) private {
        if (verdict.outcome == made.verdict.outcome && _apart(verdict, made.verdict) <= _tolerated(made)) {
            move(made, RequestState.Upheld);
            earn(Pools.id(by, 0), uint32(by.epoch()), by.bitmap(), 0, BOND);
            ++succeeded["uphold"];
            return;
        }
        move(made, RequestState.Corrected);
        made.faulty = _contradict(made, verdict, made.verdict);
        (made.verdict, made.by, made.since, made.undelivered) = (verdict, by, time(), false);
        credit(0, made.challenger, BOND);
        ++succeeded[made.terms.question.disclosure() < 2 ? "correct what is sealed" : "correct"];
        if (made.terms.question.callback() != 0) deliver(made);
    }

    function _offence(KnownRequest storage made, address attester, string memory what) private view returns (bytes32) {
        return keccak256(abi.encode(made.id, firstOperatorOf[attester], what));
    }

    function _apart(Verdict memory one, Verdict memory two) private pure returns (uint256) {
        (uint256 first, uint256 second) = (uint256(one.score), uint256(two.score));
        return first > second ? first - second : second - first;
    }

    /// @return Whether no honest operator would sign both: too far apart, or two outcomes of one score.
    function _contradict(KnownRequest storage made, Verdict memory one, Verdict memory two)
        private
        view
        returns (bool)
    {
        uint256 apart = _apart(one, two);
        return apart > _tolerated(made) || (apart == 0 && one.outcome != two.outcome);
    }

    function _tolerated(KnownRequest storage made) private view returns (uint256) {
        return 2 * uint256(modelOf(made).tolerance);
    }

    function _punishable(bytes32 offence, address attester) private view returns (bool) {
        return !punished[offence] && knownOperator(firstOperatorOf[attester]).stake != 0;
    }

    function _punish(bytes32 offence, address attester, address beneficiary) private {
        punished[offence] = true;
        KnownOperator storage known = knownOperator(firstOperatorOf[attester]);
        uint256 penalty = known.stake < PENALTY ? known.stake : PENALTY;
        known.stake -= penalty;
        credit(0, beneficiary, penalty / 2);
        credit(0, address(0), penalty - penalty / 2);
        if (known.stake >= policy.minStake || !isCandidate(known)) return;
        (known.out, known.lastEpoch, membershipChanged) = (true, epochNumber, true);
    }

    /// @dev A report of one, signed as of the epoch that recorded it: what an operator may have signed at any time.
    function _testimony(KnownRequest storage made, Verdict memory verdict, address attester)
        private
        view
        returns (Testimony memory)
    {
        bytes32 report = Verdicts.hashReport(made.epoch, 1, leafOf(made.terms, verdict));
        bytes memory signature = sign(keyOf[attester], report);
        return Testimony(made.terms, verdict, new bytes32[](0), made.epoch, 1, signature);
    }
}
