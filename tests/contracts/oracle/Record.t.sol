// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { Asked, Delivery, Question, Questions } from "../../../contracts/types/Question.sol";
import { Quote } from "../../../contracts/types/Quote.sol";
import { Signers } from "../../../contracts/types/Signers.sol";
import { Attestation, Request, RequestState, Verdict } from "../../../contracts/types/Verdict.sol";
import { inClear } from "../base/Verdict.sol";
import { Token } from "../treasury/Tokens.sol";
import { OracleTest } from "./OracleTest.sol";

/// @notice What `record` asks of the request, the agreement and the verdict. The signatures are in `RecordSignatures.t.sol`.
contract RecordTest is OracleTest {
    Request private request;
    RequestId private id;
    Verdict private verdict;
    /// Who signed it.
    Signers private by;

    function setUp() public override {
        super.setUp();
        give();
        (request, id) = ask(0);
        verdict = defaultVerdict();
    }

    function test_RevertGiven_TheRequestWasNeverMade() public {
        request = expectedRequest(1);
        id = assent.requestId(agreementId, 1);
        _expectNotOpen(RequestState.None);
    }

    function test_RevertGiven_ItWasRecorded() public {
        _record(SIGNERS);
        bytes memory before = abi.encode(assent.verdictOf(id));
        _expectNotOpen(RequestState.Recorded);
        verdict.outcome = inClear(0);
        _expectNotOpen(RequestState.Recorded);
        assertEq(abi.encode(assent.verdictOf(id)), before, "verdict");
        assertEq(earnedBy(1, SIGNERS), FEE, "earned once");
    }

    function test_RevertGiven_ItWasRefused() public {
        withdraw();
        assent.refuse(request);
        _expectNotOpen(RequestState.Refused);
    }

    function test_RevertGiven_ItExpired() public {
        skip(2 hours);
        assent.expire(request);
        _expectNotOpen(RequestState.Expired);
    }

    function test_RevertWhen_ATermOfTheRequestIsAltered() public {
        Request memory made = request;
        request.controller = stranger;
        _expectMismatch();
        for (uint256 bit = 0; bit < 256; ++bit) {
            request = made;
            request.quote = Quote.wrap(Quote.unwrap(made.quote) ^ (1 << bit));
            _expectMismatch();
            // The lowest 32 bits are the use: with another, it is another request.
            if (bit < 32) continue;
            request = made;
            request.question = Question.wrap(Question.unwrap(made.question) ^ (1 << bit));
            _expectMismatch();
        }
    }

    function test_RevertWhen_TheDeadlineHasPassed() public {
        uint40 until = request.question.deadline();
        vm.warp(until + 1);
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.DeadlinePassed.selector, until, until + 1));
    }

    function test_RevertGiven_TheAgreementWasWithdrawn() public {
        withdraw();
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.AgreementNoLongerValid.selector, agreementId));
    }

    function test_RevertGiven_TheAgreementHasExpired() public {
        _giveAShortAgreement();
        uint256 end = agreement.terms.validUntil;
        vm.warp(end);
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.DeadlinePassed.selector, end - 1, end));
    }

    function test_RevertWhen_TheScoreIsAboveOneMillion() public {
        verdict.score = inClear(1_000_001);
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.ScoreOutOfRange.selector, 1_000_001, 1_000_000));
        verdict.score = inClear(1 << 24); // would be 0 in the slot
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.ScoreOutOfRange.selector, 1 << 24, 1_000_000));
        verdict.score = inClear(1 << 32); // was too wide for the field, once
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.ScoreOutOfRange.selector, 1 << 32, 1_000_000));
    }

    function test_RevertWhen_TheOutcomeIsUnknown() public {
        verdict.outcome = inClear(2);
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.OutcomeUnknown.selector, 2, 2));
        verdict.outcome = inClear(1 << 8); // would be 0 in the slot
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.OutcomeUnknown.selector, 1 << 8, 2));
    }

    function test_WhenAQuorumSigned() public {
        skip(10 minutes);
        Attestation memory attestation = attest(request, verdict, 0xb);
        by = attestation.by;
        expectRecorded(id, verdict, by);
        vm.expectEmit(address(assent));
        emit IVerdictOracle.PoolOpened(assent.poolOf(1, 0xb, address(0)), 1, 0xb, 0);
        record(request, verdict, attestation);

        _assertRecorded();
        assertEq(earnedBy(1, 0xb), FEE, "earned");
        assertEq(earnedBy(1, SIGNERS), 0, "earned by others");
        assertEq(balanceOf(operatorAt(0)), 0, "nobody collected yet");
        assertEq(assent.agreementStatus(agreementId).earning, 0, "earning");
    }

    function test_GivenTheSignersHaveAPoolAlready() public {
        _record(SIGNERS);
        (request, id) = ask(1);
        Attestation memory attestation = attest(request, verdict, SIGNERS);
        vm.recordLogs();
        record(request, verdict, attestation);
        assertEq(vm.getRecordedLogs().length, 1, "Recorded only");
        assertEq(earnedBy(1, SIGNERS), 2 * FEE, "earned");
    }

    function test_WhenItIsTheLastSecondOfTheDeadline() public {
        vm.warp(request.question.deadline());
        _record(SIGNERS);
        _assertRecorded();
    }

    function test_WhenItIsTheLastSecondOfTheAgreement() public {
        _giveAShortAgreement();
        vm.warp(agreement.terms.validUntil - 1);
        _record(SIGNERS);
        _assertRecorded();
    }

    function test_WhenTheScoreIsOneMillion() public {
        verdict.score = inClear(1_000_000);
        _record(SIGNERS);
        _assertRecorded();
    }

    function test_GivenTheAgreementHasAPriceAndTheModelARoyalty() public {
        (agreement.terms.price, model.royalty) = (7, 2500);
        giveFor("with royalty");
        (request, id) = ask(0);
        _record(SIGNERS);
        _assertRecorded();
        assertEq(earnedBy(1, SIGNERS), FEE - FEE / 4, "earned");
        assertEq(assent.agreementStatus(agreementId).earning, 1, "earning");
        assertEq(balanceOf(subject), 0, "not settled yet");
        (request, id) = ask(1);
        _record(SIGNERS);
        assertEq(assent.agreementStatus(agreementId).earning, 2, "earning twice");
        assertEq(earnedBy(1, SIGNERS), 2 * (FEE - FEE / 4), "earned twice");
    }

    function test_GivenItWasPaidInAToken() public {
        useToken(address(new Token()));
        (request, id) = askFromBalance(defaultQuestion(0));
        _record(SIGNERS);
        _assertRecorded();
        assertEq(earnedBy(1, SIGNERS), FEE, "earned in tokens");
        assertEq(assent.poolInfo(assent.poolOf(1, SIGNERS, address(0))).earned, 0, "earned in ether");
    }

    function test_GivenTheModelIsFree() public {
        model.fee = 0;
        giveFor("free");
        (request, id) = ask(0);
        _record(SIGNERS);
        _assertRecorded();
        assertEq(assent.poolInfo(assent.poolOf(1, SIGNERS, address(0))).epoch, 0, "no pool");
    }

    function test_GivenAnAnchoredReportWasAskedFor() public {
        Asked memory parts = asked(1);
        parts.delivery = Delivery.Anchored;
        (request, id) = ask(Questions.pack(parts));
        _record(SIGNERS);
        _assertRecorded();
    }

    function test_GivenTheModelWasDeprecatedAndTheRecordRetired() public {
        vm.prank(publisher);
        assent.deprecate(model);
        vm.prank(holder);
        records.retire(ROOT, subject);
        _record(SIGNERS);
        _assertRecorded();
    }

    function test_GivenTheCommitteeHasRotatedSinceTheRequest() public {
        _askWithLongDeadline();
        resignAs(0);
        rotateToNext();
        _record(0xb); // the last place now belongs to operator 4
        _assertRecorded();
        assertEq(earnedBy(2, 0xb), FEE, "earned");
        assertEq(earnedBy(1, 0xb), 0, "earned in epoch 1");
    }

    function testFuzz_WhenTheVerdictIsAny(uint8 outcome, uint8 outcomes, uint32 score, bytes32 trail, uint40 later)
        public
    {
        model.outcomeCount = uint8(bound(outcomes, 2, 255));
        verdict.outcome = inClear(uint8(bound(outcome, 0, model.outcomeCount - 1)));
        verdict.score = inClear(uint32(bound(score, 0, 1_000_000)));
        verdict.trail = trail;
        giveFor("another version's");
        _askWithLongDeadline();
        vm.warp(bound(later, START, latestDeadline()));
        _record(0xd);
        _assertRecorded();
    }

    function _askWithLongDeadline() private {
        Asked memory parts = asked(1);
        uint40 last = agreement.terms.validUntil - 1;
        parts.deadline = latestDeadline() < last ? latestDeadline() : last;
        (request, id) = ask(Questions.pack(parts));
    }

    /// @dev And asks for it with the latest deadline that it allows.
    function _giveAShortAgreement() private {
        agreement.terms.validUntil = START + 1 days;
        give();
        _askWithLongDeadline();
    }

    function _record(uint64 signers) private {
        Attestation memory attestation = attest(request, verdict, signers);
        by = attestation.by;
        record(request, verdict, attestation);
    }

    function _expectNotOpen(RequestState state) private {
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RequestNotOpen.selector, id, state));
    }

    function _expectMismatch() private {
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RequestMismatch.selector, id));
        assertState(id, RequestState.Requested);
    }

    function _expectRevert(bytes memory reason) private {
        Attestation memory attestation = attest(request, verdict, SIGNERS);
        vm.expectRevert(reason);
        record(request, verdict, attestation);
    }

    function _assertRecorded() private view {
        assertRecorded(request, verdict, by);
    }
}
