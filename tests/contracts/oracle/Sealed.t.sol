// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ICases } from "../../../contracts/interfaces/ICases.sol";
import { ICore } from "../../../contracts/interfaces/ICore.sol";
import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { IVerdictReceiver } from "../../../contracts/interfaces/IVerdictReceiver.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { Asked, Delivery, Disclosure, Question, Questions } from "../../../contracts/types/Question.sol";
import { Signers } from "../../../contracts/types/Signers.sol";
import {
    Answer,
    Attestation,
    Finality,
    Recording,
    Request,
    RequestState,
    RequestStatus,
    Verdict,
    Verdicts
} from "../../../contracts/types/Verdict.sol";
import { summaryOf } from "../base/Verdict.sol";
import { OracleTest } from "./OracleTest.sol";
import { OldReceiver, Receiver } from "./Receivers.sol";

/// @notice Verdicts of which a part is a commitment: what the chain says of them, and that each question has in clear just what it asked for.
contract SealedTest is OracleTest {
    uint16 private constant CALLBACK = 400;
    uint256 private constant DISCLOSURES = 4;

    function setUp() public override {
        super.setUp();
        give();
    }

    // In clear just what was asked for

    function test_Record_WhenTheVerdictIsAsTheQuestionAsks() public {
        for (uint32 use = 0; use < DISCLOSURES; ++use) {
            (Request memory request, RequestId id) = _ask(use, Disclosure(use), Delivery.Recorded);
            Verdict memory verdict = _verdictFor(Disclosure(use));
            Attestation memory attestation = attest(request, verdict, SIGNERS);
            _expectEvent(id, Disclosure(use), verdict, attestation.by);
            record(request, verdict, attestation);
            _assertKept(request, Disclosure(use), verdict, attestation.by);
        }
        assertEq(earnedBy(1, SIGNERS), DISCLOSURES * FEE, "earned as by any other");
    }

    function test_RecordMany_WhenTheVerdictsAreAsTheQuestionsAsk() public {
        Answer[] memory answers = _askAll(Delivery.Recorded);
        Attestation memory attestation = attestMany(answers, 0xd);
        for (uint256 i = 0; i < answers.length; ++i) {
            _expectEvent(idOf(answers[i].request), _disclosure(answers[i]), answers[i].verdict, attestation.by);
        }
        recordMany(answers, attestation);
        for (uint256 i = 0; i < answers.length; ++i) {
            _assertKept(answers[i].request, _disclosure(answers[i]), answers[i].verdict, attestation.by);
        }
        assertEq(earnedBy(1, 0xd), DISCLOSURES * FEE, "earned as by any other");
    }

    function test_Claim_WhenTheVerdictIsAsTheQuestionAsks() public {
        Answer[] memory answers = _askAll(Delivery.Anchored);
        anchor(answers, SIGNERS);
        for (uint256 i = 0; i < answers.length; ++i) {
            bytes32[] memory proof = proofOf(answers, i);
            _expectEvent(idOf(answers[i].request), _disclosure(answers[i]), answers[i].verdict, byEpoch1());
            assent.claim(answers[i].request, answers[i].verdict, proof);
            _assertKept(answers[i].request, _disclosure(answers[i]), answers[i].verdict, byEpoch1());
        }
    }

    /// @dev Whatever the commitments are: nothing of them is kept, or told of one by another.
    function testFuzz_Record_WhenTheCommitmentsAreAny(uint8 which, bytes32 outcome, bytes32 score, bytes32 trail)
        public
    {
        Disclosure disclosure = Disclosure(which % 3);
        Verdict memory verdict = _verdictFor(disclosure);
        if (disclosure == Disclosure.Sealed) verdict.outcome = keccak256(abi.encode(outcome));
        if (disclosure < Disclosure.OutcomeAndScore) verdict.score = keccak256(abi.encode(score));
        verdict.trail = trail;
        (Request memory request, RequestId id) = _ask(0, disclosure, Delivery.Recorded);
        Attestation memory attestation = attest(request, verdict, SIGNERS);
        _expectEvent(id, disclosure, verdict, attestation.by);
        record(request, verdict, attestation);
        _assertKept(request, disclosure, verdict, attestation.by);
    }

    // Anything else

    /// @dev Each question, with each way in which outcome and score can be in clear or not.
    function test_Record_RevertWhen_MoreOrLessIsInClear() public {
        for (uint32 use = 0; use < DISCLOSURES; ++use) {
            (Request memory request, RequestId id) = _ask(use, Disclosure(use), Delivery.Recorded);
            for (uint256 kind = 0; kind < 4; ++kind) {
                Verdict memory verdict = _ofKind(kind);
                bytes memory reason = _reasonAgainst(use, verdict);
                if (reason.length == 0) continue;
                Attestation memory attestation = attest(request, verdict, SIGNERS);
                vm.expectRevert(reason);
                record(request, verdict, attestation);
            }
            assertState(id, RequestState.Requested);
        }
    }

    /// @dev A small number in the place of a commitment would be read as a value: as outcome 7 of a model that has two.
    function testFuzz_Record_RevertWhen_ACommitmentIsASmallNumber(uint128 outcome, uint128 score) public {
        outcome = uint128(bound(outcome, model.outcomeCount, type(uint128).max));
        score = uint128(bound(score, Verdicts.MAX_SCORE + 1, type(uint128).max));
        (Request memory request, RequestId id) = _ask(0, Disclosure.Sealed, Delivery.Recorded);
        Verdict[2] memory odd = [_ofKind(0), _ofKind(0)];
        (odd[0].outcome, odd[1].score) = (bytes32(uint256(outcome)), bytes32(uint256(score)));
        for (uint256 i = 0; i < odd.length; ++i) {
            Attestation memory attestation = attest(request, odd[i], SIGNERS);
            vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.NotSealed.selector, odd[i].outcome, odd[i].score));
            record(request, odd[i], attestation);
        }
        assertState(id, RequestState.Requested);
    }

    function test_RecordMany_WhenMoreOrLessIsInClear() public {
        (Request memory good,) = _ask(99, Disclosure.Sealed, Delivery.Recorded);
        Attestation memory attestation;
        for (uint32 use = 0; use < DISCLOSURES; ++use) {
            (Request memory request, RequestId id) = _ask(use, Disclosure(use), Delivery.Recorded);
            for (uint256 kind = 0; kind < 4; ++kind) {
                if (_reasonAgainst(use, _ofKind(kind)).length == 0) continue;
                Answer[] memory answers = new Answer[](2);
                answers[0] = Answer(request, _ofKind(kind));
                answers[1] = Answer(good, _verdictFor(Disclosure.Sealed));
                sort(answers);
                attestation = attestMany(answers, SIGNERS);
                uint256 before = vm.snapshotState();
                expectSkipped(id, IVerdictOracle.Obstacle.Malformed);
                recordMany(answers, attestation);
                assertState(id, RequestState.Requested);
                assertState(idOf(good), RequestState.Recorded);
                vm.revertToState(before);
            }
        }
    }

    function test_Claim_RevertWhen_MoreOrLessIsInClear() public {
        for (uint32 use = 0; use < DISCLOSURES; ++use) {
            (Request memory request, RequestId id) = _ask(use, Disclosure(use), Delivery.Anchored);
            for (uint256 kind = 0; kind < 4; ++kind) {
                bytes memory reason = _reasonAgainst(use, _ofKind(kind));
                if (reason.length == 0) continue;
                Answer[] memory one = new Answer[](1);
                one[0] = Answer(request, _ofKind(kind));
                anchor(one, SIGNERS);
                vm.expectRevert(reason);
                assent.claim(request, _ofKind(kind), new bytes32[](0));
            }
            assertState(id, RequestState.Requested);
        }
    }

    /// @dev The commitment of a request has the question: nobody can have another disclosure than was asked for.
    function test_Record_RevertWhen_TheDisclosureIsAnother() public {
        (, RequestId id) = _ask(0, Disclosure.Sealed, Delivery.Recorded);
        for (uint256 i = 1; i < DISCLOSURES; ++i) {
            Request memory other = requestNow(_question(0, Disclosure(i), Delivery.Recorded));
            Attestation memory attestation = attest(other, _verdictFor(Disclosure(i)), SIGNERS);
            vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.RequestMismatch.selector, id));
            record(other, _verdictFor(Disclosure(i)), attestation);
        }
    }

    // Callbacks

    function test_OnSealed_WhenTheScoreIsSealed() public {
        Receiver receiver = new Receiver(assent);
        _giveTo(address(receiver));
        for (uint32 use = 0; use < 2; ++use) {
            (Request memory request, RequestId id) = _ask(use, Disclosure(use), Delivery.Recorded);
            Attestation memory attestation = attest(request, _verdictFor(Disclosure(use)), SIGNERS);
            vm.expectCall(
                address(receiver), 0, abi.encodeCall(IVerdictReceiver.onSealed, (id, RequestState.Recorded)), 1
            );
            record(request, _verdictFor(Disclosure(use)), attestation);
            assertEq(receiver.toldSealed(), use + 1, "told that it is sealed");
            assertTrue(receiver.id() == id, "id");
            assertEq(uint8(receiver.state()), uint8(RequestState.Recorded), "state");
            assertFalse(assent.verdictOf(id).undelivered, "undelivered");
        }
        assertEq(receiver.told(), 2, "told of nothing else");
    }

    function test_OnVerdict_WhenTheTrailAloneIsSealed() public {
        Receiver receiver = new Receiver(assent);
        _giveTo(address(receiver));
        (Request memory request,) = _ask(0, Disclosure.OutcomeAndScore, Delivery.Recorded);
        Verdict memory verdict = _verdictFor(Disclosure.OutcomeAndScore);
        record(request, verdict, attest(request, verdict, SIGNERS));
        assertEq(receiver.told(), 1, "told");
        assertEq(receiver.toldSealed(), 0, "that it is sealed");
        assertEq(receiver.outcome(), uint256(verdict.outcome), "outcome");
        assertEq(receiver.score(), uint256(verdict.score), "score");
    }

    /// @dev A report and claims tell it in the same way.
    function test_OnSealed_WhenItIsOneOfAReport() public {
        Receiver receiver = new Receiver(assent);
        _giveTo(address(receiver));
        Answer[] memory answers = _askAll(Delivery.Recorded);
        recordMany(answers, attestMany(answers, SIGNERS));
        assertEq(receiver.told(), 4, "told");
        assertEq(receiver.toldSealed(), 2, "that it is sealed");
    }

    function test_OnSealed_WhenItIsClaimed() public {
        Receiver receiver = new Receiver(assent);
        _giveTo(address(receiver));
        Answer[] memory answers = _askAll(Delivery.Anchored);
        anchor(answers, SIGNERS);
        for (uint256 i = 0; i < answers.length; ++i) {
            bytes32[] memory proof = proofOf(answers, i);
            assent.claim(answers[i].request, answers[i].verdict, proof);
        }
        assertEq(receiver.told(), 4, "told");
        assertEq(receiver.toldSealed(), 2, "that it is sealed");
    }

    function test_OnSealed_GivenTheReceiverHasNoSuchFunction() public {
        OldReceiver old = new OldReceiver();
        _giveTo(address(old));
        (Request memory request, RequestId id) = _ask(0, Disclosure.Outcome, Delivery.Recorded);
        Verdict memory verdict = _verdictFor(Disclosure.Outcome);
        Attestation memory attestation = attest(request, verdict, SIGNERS);
        _expectEvent(id, Disclosure.Outcome, verdict, attestation.by);
        vm.expectEmit(address(assent));
        emit IVerdictOracle.DeliveryFailed(id, address(old), "");
        record(request, verdict, attestation);
        assertState(id, RequestState.Recorded);
        assertTrue(assent.verdictOf(id).undelivered, "undelivered");
        assertEq(earnedBy(1, SIGNERS), FEE, "earned");

        assent.retryCallback(recordingOf(id));
        assertTrue(assent.verdictOf(id).undelivered, "still undelivered");
        vm.etch(address(old), address(new Receiver(assent)).code);
        vm.expectEmit(address(assent));
        emit IVerdictOracle.Delivered(id, address(old));
        assent.retryCallback(recordingOf(id));
        assertFalse(assent.verdictOf(id).undelivered, "delivered");
        assertEq(Receiver(payable(address(old))).toldSealed(), 1, "told");
    }

    // Challenges

    /// @dev Who judges it seals as the question asks.
    function test_Judge_WhenTheVerdictIsSealed() public {
        Receiver receiver = new Receiver(assent);
        _giveTo(address(receiver));
        (Request memory request, RequestId id) = _ask(0, Disclosure.Sealed, Delivery.Recorded);
        Verdict memory verdict = _verdictFor(Disclosure.Sealed);
        record(request, verdict, attest(request, verdict, SIGNERS));
        challenge(id);
        for (uint256 kind = 1; kind < 4; ++kind) {
            Recording memory contested = recordingOf(id);
            bytes memory signatures = rulings(contested, _ofKind(kind), false, JUDGES);
            vm.expectRevert(abi.encodeWithSelector(ICases.NotUnderReview.selector, id));
            committee.judge(contested, _ofKind(kind), false, JUDGES, signatures);
        }
        uint256 before = vm.snapshotState();
        review(0, verdict);
        assertState(id, RequestState.Upheld);

        vm.revertToState(before);
        Verdict memory other = verdict;
        other.outcome = keccak256("another sealed outcome");
        Signers by = judgedBy(recordingOf(id), JUDGES);
        vm.expectEmit(address(assent));
        emit ICore.Corrected(id, by, other.outcome, other.score, other.trail);
        review(0, other);
        RequestStatus memory status = assent.verdictOf(id);
        assertEq(uint8(status.state), uint8(RequestState.Corrected), "state");
        assertEq(status.outcome, type(uint8).max, "outcome");
        assertEq(status.score, type(uint24).max, "score");
        assertEq(status.mark, markOf(request, other, by), "mark");
        assertEq(receiver.toldSealed(), 2, "told once more");
        assertEq(uint8(receiver.state()), uint8(RequestState.Corrected), "state told");
    }

    function _question(uint32 use, Disclosure disclosure, Delivery delivery) private view returns (Question) {
        Asked memory parts = asked(use);
        (parts.disclosure, parts.delivery) = (disclosure, delivery);
        if (agreement.controller.code.length != 0) parts.callback = CALLBACK;
        return Questions.pack(parts);
    }

    function _ask(uint32 use, Disclosure disclosure, Delivery delivery) private returns (Request memory, RequestId) {
        return ask(_question(use, disclosure, delivery));
    }

    /// @return answers One of each disclosure, sorted.
    function _askAll(Delivery delivery) private returns (Answer[] memory answers) {
        answers = new Answer[](DISCLOSURES);
        for (uint32 use = 0; use < DISCLOSURES; ++use) {
            (answers[use].request,) = _ask(use, Disclosure(use), delivery);
            answers[use].verdict = _verdictFor(Disclosure(use));
        }
        return sort(answers);
    }

    function _giveTo(address controller_) private {
        agreement.controller = controller_;
        vm.deal(controller_, 1 ether);
        give();
    }

    function _disclosure(Answer memory answer) private pure returns (Disclosure) {
        return Disclosure(answer.request.question.disclosure());
    }

    function _verdictFor(Disclosure disclosure) private pure returns (Verdict memory verdict) {
        verdict = _ofKind(disclosure == Disclosure.Sealed ? 0 : disclosure == Disclosure.Outcome ? 1 : 3);
        if (disclosure < Disclosure.Everything) verdict.trail = keccak256("sealed trail");
    }

    /// @return verdict With its outcome in clear if the kind has bit 0, and its score if it has bit 1.
    function _ofKind(uint256 kind) private pure returns (Verdict memory verdict) {
        verdict = defaultVerdict();
        if (kind & 1 == 0) verdict.outcome = keccak256("sealed outcome");
        if (kind & 2 == 0) verdict.score = keccak256("sealed score");
    }

    /// @return Why a question of this disclosure can't have this verdict; nothing if it can.
    function _reasonAgainst(uint256 disclosure, Verdict memory verdict) private view returns (bytes memory) {
        bool outcomeInClear = verdict.outcome == defaultVerdict().outcome;
        bool scoreInClear = verdict.score == defaultVerdict().score;
        if (disclosure > 1 && !scoreInClear) {
            return abi.encodeWithSelector(IVerdictOracle.ScoreOutOfRange.selector, verdict.score, 1_000_000);
        }
        if (disclosure > 0 && !outcomeInClear) {
            return abi.encodeWithSelector(IVerdictOracle.OutcomeUnknown.selector, verdict.outcome, model.outcomeCount);
        }
        if (outcomeInClear == (disclosure > 0) && scoreInClear == (disclosure > 1)) return "";
        return abi.encodeWithSelector(IVerdictOracle.NotSealed.selector, verdict.outcome, verdict.score);
    }

    function _expectEvent(RequestId id, Disclosure disclosure, Verdict memory verdict, Signers by) private {
        vm.expectEmit(address(assent));
        if (disclosure == Disclosure.Everything) {
            emit IVerdictOracle.Recorded(id, summaryOf(verdict, by), verdict.trail);
        } else {
            emit IVerdictOracle.RecordedSealed(id, by, verdict.outcome, verdict.score, verdict.trail);
        }
    }

    function _assertKept(Request memory request, Disclosure disclosure, Verdict memory verdict, Signers by)
        private
        view
    {
        bool outcomeInClear = disclosure > Disclosure.Sealed;
        bool scoreInClear = disclosure > Disclosure.Outcome;
        assertStatus(
            idOf(request),
            RequestStatus({
                state: RequestState.Recorded,
                finality: Finality.Contestable,
                outcome: outcomeInClear ? uint8(uint256(defaultVerdict().outcome)) : 255,
                score: scoreInClear ? uint24(uint256(defaultVerdict().score)) : (1 << 24) - 1,
                since: uint40(vm.getBlockTimestamp()),
                mark: markOf(request, verdict, by),
                undelivered: false
            })
        );
    }
}
