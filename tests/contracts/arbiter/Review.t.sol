// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IArbiter } from "../../../contracts/interfaces/IArbiter.sol";
import { ITreasury } from "../../../contracts/interfaces/ITreasury.sol";
import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { PoolId, RequestId, SourceId } from "../../../contracts/types/Ids.sol";
import { Model } from "../../../contracts/types/Model.sol";
import { Operators } from "../../../contracts/types/Operator.sol";
import { Question } from "../../../contracts/types/Question.sol";
import { Signers, SignersLib } from "../../../contracts/types/Signers.sol";
import { Under } from "../../../contracts/types/Standing.sol";
import { Attestation, Recording, RequestState, Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { inClear, outcomeOf, scoreOf, verdictOf } from "../base/Verdict.sol";
import { ArbiterTest } from "./ArbiterTest.sol";

/// @notice What the committee finds, and what becomes of bond and verdict; what is told to receivers is in `ReviewCallback.t.sol`.
contract ReviewTest is ArbiterTest {
    function test_RevertGiven_ItIsNotChallenged() public {
        _expectRevert(defaultVerdict(), abi.encodeWithSelector(IArbiter.NotChallenged.selector, id));
    }

    function test_RevertGiven_ItWasReviewed() public {
        challengeAndUphold();
        _expectRevert(otherVerdict(), abi.encodeWithSelector(IArbiter.NotChallenged.selector, id));
    }

    function test_RevertGiven_TheChallengeLapsed() public {
        challenge();
        Attestation memory attestation = signReview(otherVerdict(), 0x7);
        skip(REVIEW_TIME + 1);
        assent.lapse(id);
        vm.expectRevert(abi.encodeWithSelector(IArbiter.NotChallenged.selector, id));
        assent.review(recorded, under, model, otherVerdict(), attestation);
    }

    function test_RevertWhen_AnotherRequestIsNamed() public {
        challenge();
        Attestation memory attestation = signReview(otherVerdict(), 0x7);
        (, id) = askAndRecord(1, 0x7); // which nobody challenged
        Recording memory other = recordingOf(id);
        vm.expectRevert(abi.encodeWithSelector(IArbiter.NotChallenged.selector, id));
        assent.review(other, under, model, otherVerdict(), attestation);
    }

    /// @dev What it was recorded as is held against what is found: nobody but who signed it has the say of it.
    function test_RevertWhen_TheRecordingIsAnother() public {
        challenge();
        Attestation memory attestation = signReview(otherVerdict(), 0x7);
        Recording memory other = recordingOf(id);
        other.verdict = otherVerdict();
        _expectNotRecorded(other, id, attestation);
        other = recordingOf(id);
        other.by = SignersLib.pack(1, 0xe);
        _expectNotRecorded(other, id, attestation);
        other = recordingOf(id);
        other.request.controller = stranger;
        _expectNotRecorded(other, id, attestation);
        other = recordingOf(id);
        other.request.question = Question.wrap(Question.unwrap(other.request.question) ^ 1 << 88);
        _expectNotRecorded(other, id, attestation);
        other = recordingOf(id);
        other.request.question = defaultQuestion(1); // never asked
        _expectNotRecorded(other, assent.requestId(agreementId, 1), attestation);
    }

    function test_RevertWhen_ItIsTooLate() public {
        challenge();
        uint256 until = START + REVIEW_TIME;
        vm.warp(until + 1);
        _expectRevert(otherVerdict(), abi.encodeWithSelector(IArbiter.ReviewTooLate.selector, until, until + 1));
    }

    function test_RevertWhen_TheModelIsAnother() public {
        challenge();
        Attestation memory attestation = signReview(otherVerdict(), 0x7);
        Model memory other = model;
        other.tolerance = 1_000_000;
        vm.expectRevert(abi.encodeWithSelector(ITreasury.ModelMismatch.selector));
        assent.review(recorded, under, other, otherVerdict(), attestation);
    }

    function test_RevertWhen_TheAgreementIsAnother() public {
        challenge();
        Attestation memory attestation = signReview(otherVerdict(), 0x7);
        Under memory other = under;
        other.terms.price += 1;
        vm.expectRevert(abi.encodeWithSelector(ITreasury.ModelMismatch.selector));
        assent.review(recorded, other, model, otherVerdict(), attestation);
        other = under;
        other.source = SourceId.wrap(keccak256("another source"));
        vm.expectRevert(abi.encodeWithSelector(ITreasury.ModelMismatch.selector));
        assent.review(recorded, other, model, otherVerdict(), attestation);
        // Nor one whose terms name a model of the reviewers' own choice.
        other = under;
        Model memory lax = model;
        lax.tolerance = 1_000_000;
        other.terms.model = hasher.modelId(lax);
        vm.expectRevert(abi.encodeWithSelector(ITreasury.ModelMismatch.selector));
        assent.review(recorded, other, lax, otherVerdict(), attestation);
    }

    function test_RevertWhen_TheModelHasNoSuchOutcome() public {
        challenge();
        _expectRevert(verdictOf(2, 1, 0), abi.encodeWithSelector(IArbiter.VerdictImpossible.selector, id));
        _expectRevert(verdictOf(1 << 8, 1, 0), abi.encodeWithSelector(IArbiter.VerdictImpossible.selector, id));
        _expectRevert(
            verdictOf(uint256(keccak256("sealed")), 1, 0),
            abi.encodeWithSelector(IArbiter.VerdictImpossible.selector, id)
        );
    }

    function test_RevertWhen_TheScoreIsAboveOneMillion() public {
        challenge();
        bytes memory reason = abi.encodeWithSelector(IArbiter.VerdictImpossible.selector, id);
        _expectRevert(verdictOf(0, Verdicts.MAX_SCORE + 1, 0), reason);
        _expectRevert(verdictOf(0, 1 << 32, 0), reason);
        _expectRevert(verdictOf(0, uint256(keccak256("sealed")), 0), reason);
    }

    function test_RevertWhen_ThereAreTooFewSigners() public {
        challenge();
        Attestation memory attestation = signReview(otherVerdict(), 0x9);
        uint256 wanted = Operators.supermajority(committeeSize());
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.QuorumMismatch.selector, 2, wanted));
        assent.review(recorded, under, model, otherVerdict(), attestation);
    }

    function test_RevertWhen_TheEpochIsStale() public {
        challenge();
        Attestation memory attestation = signReview(otherVerdict(), 0x7);
        rotateToNext();
        skip(EPOCH_GRACE + 1);
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.EpochStale.selector, 1, 2));
        assent.review(recorded, under, model, otherVerdict(), attestation);
    }

    function test_RevertWhen_ABitIsBeyondTheSigners() public {
        challenge();
        Attestation memory attestation = signReview(otherVerdict(), 0x7);
        for (uint256 bit = SignersLib.BITS; bit < 256; ++bit) {
            attestation.by = Signers.wrap(1 << bit | 1 << 64 | 0x7);
            uint256 given = 1 | 1 << (bit - 64);
            vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.EpochStale.selector, given, 1));
            assent.review(recorded, under, model, otherVerdict(), attestation);
        }
    }

    function test_RevertWhen_AnotherVerdictWasSigned() public {
        challenge();
        Verdict memory verdict = otherVerdict();
        verdict.outcome = inClear(1);
        _expectMismatch(signReview(verdict, 0x7));
        verdict = otherVerdict();
        verdict.score = inClear(scoreOf(verdict) + 1);
        _expectMismatch(signReview(verdict, 0x7));
        verdict = otherVerdict();
        verdict.trail ^= bytes32(uint256(1));
        _expectMismatch(signReview(verdict, 0x7));
    }

    function test_RevertWhen_AReviewOfAnotherRequestWasSigned() public {
        challenge();
        bytes32 another = reviewHasher.review(1, assent.requestId(agreementId, 1), otherVerdict());
        _expectMismatch(attestReport(1, another, 0x7));
    }

    function test_RevertWhen_AReviewInAnotherEpochWasSigned() public {
        challenge();
        _expectMismatch(attestReport(1, reviewHasher.review(2, id, otherVerdict()), 0x7));
    }

    /// @dev Who signed a report of another verdict didn't review this one.
    function test_RevertWhen_AReportWasSigned() public {
        challenge();
        _expectMismatch(attest(request, otherVerdict(), 0x7));
    }

    function test_WhenTheVerdictIsTheSame() public {
        challenge();
        skip(REVIEW_TIME); // its last second
        uint256 balance = address(assent).balance;
        Attestation memory attestation = signReview(defaultVerdict(), 0xe);
        PoolId pool = assent.poolOf(1, 0xe, address(0));
        vm.expectEmit(address(assent));
        emit IVerdictOracle.PoolOpened(pool, 1, 0xe, 0);
        vm.expectEmit(address(assent));
        emit IArbiter.Upheld(id, SignersLib.pack(1, 0xe));
        vm.prank(stranger);
        assent.review(recorded, under, model, defaultVerdict(), attestation);

        assertState(id, RequestState.Upheld);
        assertVerdict(defaultVerdict());
        assertEq(assent.verdictOf(id).since, START, "since");
        assertEq(balanceOf(challenger), 0, "the bond is lost");
        assertEq(address(assent).balance, balance, "and still there");
    }

    function test_WhenTheVerdictIsTheSame_ThatTheReviewersHaveTheBond() public {
        challenge();
        review(defaultVerdict(), 0xe);
        PoolId pool = assent.poolOf(1, 0xe, address(0));
        assertEq(assent.poolInfo(pool).earned, BOND, "earned");
        for (uint256 i = 1; i < 4; ++i) {
            vm.expectEmit(address(assent));
            emit ITreasury.Collected(operatorAt(i), pool, i, BOND / 3);
            assent.collect(pool, i);
            assertEq(balanceOf(operatorAt(i)), BOND / 3, "balance");
        }
        vm.expectRevert(abi.encodeWithSelector(ITreasury.NotSigner.selector, pool, 0));
        assent.collect(pool, 0);
    }

    /// @dev The same signers recorded the verdict: fee and bond are in one pool.
    function test_WhenTheVerdictIsTheSame_GivenTheReviewersEarnedBefore() public {
        challenge();
        Attestation memory attestation = signReview(defaultVerdict(), 0x7);
        vm.recordLogs();
        assent.review(recorded, under, model, defaultVerdict(), attestation);
        assertEq(vm.getRecordedLogs().length, 1, "Upheld, and no pool opened anew");
        PoolId pool = assent.poolOf(1, 0x7, address(0));
        assertEq(assent.poolInfo(pool).earned, FEE + BOND, "earned");
        assertEq(assent.poolInfo(pool).signers, 0x7, "signers");
        assertEq(assent.poolInfo(pool).epoch, 1, "epoch");
    }

    /// @dev The slot keeps the trail that the first signers signed.
    function test_WhenOnlyTheTrailIsAnother() public {
        challenge();
        Verdict memory verdict = defaultVerdict();
        verdict.trail = keccak256("another trail");
        review(verdict, 0x7);
        assertState(id, RequestState.Upheld);
        assertVerdict(defaultVerdict());
    }

    /// @dev Two honest operators can be that far apart: each signs what is within the tolerance of its own score.
    function test_WhenTheScoreIsWithinTwiceTheTolerance() public {
        Verdict memory verdict = defaultVerdict();
        uint256 state = vm.snapshotState();
        verdict.score = inClear(scoreOf(verdict) + 2 * model.tolerance);
        challenge();
        review(verdict, 0x7);
        assertState(id, RequestState.Upheld);
        assertVerdict(defaultVerdict());
        vm.revertToState(state);
        verdict.score = inClear(scoreOf(defaultVerdict()) - 2 * model.tolerance);
        challenge();
        review(verdict, 0x7);
        assertState(id, RequestState.Upheld);
    }

    function testFuzz_WhenTheScoreIsAny(uint32 score) public {
        score = uint32(bound(score, 0, Verdicts.MAX_SCORE));
        Verdict memory verdict = verdictOf(outcomeOf(defaultVerdict()), score, keccak256("trail"));
        uint256 difference =
            score > scoreOf(defaultVerdict()) ? score - scoreOf(defaultVerdict()) : scoreOf(defaultVerdict()) - score;
        challenge();
        review(verdict, 0x7);
        bool upheld = difference <= 2 * uint256(model.tolerance);
        assertState(id, upheld ? RequestState.Upheld : RequestState.Corrected);
        assertVerdict(upheld ? defaultVerdict() : verdict);
        assertEq(balanceOf(challenger), upheld ? 0 : BOND, "bond");
    }

    function test_WhenTheScoreIsBeyondTwiceTheTolerance() public {
        Verdict memory verdict = defaultVerdict();
        verdict.score = inClear(scoreOf(verdict) - (2 * model.tolerance + 1));
        _assertCorrects(verdict);
    }

    function test_WhenTheOutcomeIsAnother() public {
        _assertCorrects(otherVerdict());
    }

    /// @dev A review's verdict is another only by the outcome: it is a correction too.
    function test_WhenOnlyTheOutcomeIsAnother() public {
        Verdict memory verdict = defaultVerdict();
        verdict.outcome = inClear(0);
        _assertCorrects(verdict);
    }

    /// @dev Of two scores that close, each may have its own outcome: no fault of who signed the first one, but it is replaced.
    function testFuzz_WhenTheOutcomeIsAnother_GivenTheScoreIsWithinTwiceTheTolerance(uint32 apart) public {
        apart = uint32(bound(apart, 1, 2 * uint256(model.tolerance) + 1));
        Verdict memory verdict = verdictOf(0, scoreOf(defaultVerdict()) - apart, keccak256("trail"));
        challenge();
        review(verdict, 0x7);
        assertState(id, RequestState.Corrected);
        assertVerdict(verdict);
        assertEq(assent.challengeOf(id).faulty, apart > 2 * uint256(model.tolerance), "faulty");
        assertEq(balanceOf(challenger), BOND, "the bond back");
    }

    function test_WhenAllMembersSigned() public {
        challenge();
        review(otherVerdict(), 0xf);
        assertState(id, RequestState.Corrected);
    }

    function test_WhenTheEpochBeforeSigned() public {
        challenge();
        rotateToNext();
        Attestation memory attestation = signReviewIn(1, otherVerdict(), 0x7);
        skip(EPOCH_GRACE);
        assent.review(recorded, under, model, otherVerdict(), attestation);
        assertState(id, RequestState.Corrected);
    }

    /// @dev It answers for all requests, whoever was a member when the verdict was recorded.
    function test_WhenALaterEpochSigned() public {
        challenge();
        for (uint256 i = 0; i < 3; ++i) {
            resignAs(i);
            joinAs(4 + i);
        }
        skip(EPOCH_LENGTH);
        assent.rotate();
        skip(EPOCH_GRACE + 1);
        review(otherVerdict(), 0xe);
        assertState(id, RequestState.Corrected);
    }

    function _assertCorrects(Verdict memory verdict) private {
        challenge();
        skip(1 hours);
        Attestation memory attestation = signReview(verdict, 0xe);
        vm.expectEmit(address(assent));
        emit IArbiter.Corrected(id, attestation.by, verdict.outcome, verdict.score, verdict.trail);
        vm.prank(stranger);
        assent.review(recorded, under, model, verdict, attestation);
        keep(request, verdict, attestation.by);

        assertState(id, RequestState.Corrected);
        assertVerdict(verdict);
        assertEq(assent.verdictOf(id).mark, markOf(request, verdict, attestation.by), "who found it");
        assertEq(assent.verdictOf(id).since, START + 1 hours, "since");
        assertEq(balanceOf(challenger), BOND, "the bond back");
        assertEq(assent.challengeOf(id).score, scoreOf(defaultVerdict()), "the first verdict, for punish");
        assertTrue(assent.challengeOf(id).faulty, "nobody honest could have signed it");
        assertEq(assent.poolInfo(assent.poolOf(1, 0xe, address(0))).earned, 0, "nothing for the reviewers");
    }

    function _expectRevert(Verdict memory verdict, bytes memory reason) private {
        Attestation memory attestation = signReview(verdict, 0x7);
        vm.expectRevert(reason);
        assent.review(recorded, under, model, verdict, attestation);
    }

    function _expectNotRecorded(Recording memory other, RequestId named_, Attestation memory attestation) private {
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.RecordingMismatch.selector, named_));
        assent.review(other, under, model, otherVerdict(), attestation);
        assertState(id, RequestState.Challenged);
    }

    /// @dev Whom a signature of something else recovers to depends on what was signed.
    function _expectMismatch(Attestation memory attestation) private {
        vm.expectPartialRevert(IVerdictOracle.SignerMismatch.selector);
        assent.review(recorded, under, model, otherVerdict(), attestation);
        assertState(id, RequestState.Challenged);
    }
}

/// @notice How many must sign, in a committee of seven.
contract ReviewQuorumTest is ArbiterTest {
    function committeeSize() internal pure override returns (uint16) {
        return 7;
    }

    function modelQuorum() internal pure override returns (uint8) {
        return 4;
    }

    function setUp() public override {
        super.setUp();
        challenge();
    }

    /// @dev Two thirds and one: it is less than all, so that two of seven can neither block a review nor make one.
    function test_GivenTheModelAsksForLessThanASupermajority() public {
        _expectTooFew(0x1e, 4, 5);
        review(otherVerdict(), 0x7c);
        assertState(id, RequestState.Corrected);
    }

    function test_GivenTheModelAsksForMoreThanASupermajority() public {
        model = defaultModel(6);
        agreement.terms.model = publishAs(model);
        give();
        (request, id) = askAndRecord(0, 0x3f);
        nameIt();
        challenge();
        _expectTooFew(0x7c, 5, 6);
        review(otherVerdict(), 0x7e);
        assertState(id, RequestState.Corrected);
    }

    function _expectTooFew(uint64 signers, uint256 given, uint256 wanted) private {
        Attestation memory attestation = signReview(otherVerdict(), signers);
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.QuorumMismatch.selector, given, wanted));
        assent.review(recorded, under, model, otherVerdict(), attestation);
    }
}
