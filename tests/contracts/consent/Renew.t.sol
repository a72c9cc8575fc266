// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentDesk } from "../../../contracts/interfaces/IConsentDesk.sol";
import { IConsentRegistry } from "../../../contracts/interfaces/IConsentRegistry.sol";
import { Signatures } from "../../../contracts/libraries/Signatures.sol";
import { AgreementState, AgreementStatus, Agreements } from "../../../contracts/types/Agreement.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { Mandates } from "../../../contracts/types/Mandate.sol";
import { Question } from "../../../contracts/types/Question.sol";
import { Request, RequestState } from "../../../contracts/types/Verdict.sol";
import { MandateTest } from "./MandateTest.sol";

contract RenewTest is MandateTest {
    uint40 private later;

    function setUp() public override {
        super.setUp();
        later = agreement.terms.validUntil + 100 days;
    }

    function test_RevertWhen_TheSenderMayNot() public {
        give();
        _expectNotSubject(controller);
        appointNow(Mandates.GIVE | Mandates.REVOKE);
        _expectNotSubject(guardian);
        vm.warp(MAJORITY);
        _expectNotSubject(guardian);
    }

    function test_RevertGiven_ItWasNeverGiven() public {
        _expectNotGiven();
    }

    function test_RevertGiven_ItWasWithdrawn() public {
        give();
        withdraw();
        _expectNotGiven();
    }

    function test_RevertWhen_ItDoesNotEndLater() public {
        give();
        uint40 end = agreement.terms.validUntil;
        _expectTooEarly(end, end);
        _expectTooEarly(0, end);
        vm.warp(end + 10 days);
        _expectTooEarly(end + 10 days, end + 10 days);
    }

    function test_WhenTheSenderIsTheSubject() public {
        give();
        _assertRenews(subject);
    }

    function test_WhenTheSenderIsARepresentative() public {
        give();
        appointNow(Mandates.RENEW);
        _assertRenews(guardian);
    }

    function test_WhenTheSenderIsARepresentative_RevertWhen_ItWouldOutlastTheMandate() public {
        give();
        appointNow(Mandates.RENEW);
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.MandateOutlasted.selector, MAJORITY + 1, MAJORITY));
        vm.prank(guardian);
        assent.renew(agreement, MAJORITY + 1);
        later = MAJORITY;
        _assertRenews(guardian);
    }

    function test_WhenTheSenderIsARepresentative_RevertGiven_APurposeIsNotInTheMandate() public {
        appoint(mandate(Mandates.RENEW));
        skip(Mandates.NOTICE);
        uint256 beyond = 1 << purposeNamed("Marketing");
        agreement.terms.purposes |= beyond;
        give();
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.MandateExceeded.selector, beyond));
        vm.prank(guardian);
        assent.renew(agreement, later);
    }

    function test_GivenItHasExpired() public {
        give();
        vm.warp(agreement.terms.validUntil + 1 days);
        _assertRenews(subject);
    }

    /// @dev Only the end changes: what it earned, and since when it is given, stay.
    function test_GivenItHasEarned() public {
        agreement.terms.price = 5;
        give();
        askAndRecord(0, 7);
        skip(1 days);
        vm.prank(subject);
        assent.renew(agreement, later);
        AgreementStatus memory wanted = AgreementStatus(AgreementState.Given, START, later, 1, 0, 0, 0);
        assertEq(abi.encode(statusOf(agreement)), abi.encode(wanted));
    }

    /// @dev A request is recorded after the end that the terms name, and none after the new one.
    function test_GivenItWasRenewed_WhenAVerdictIsRecorded() public {
        give();
        vm.prank(subject);
        assent.renew(agreement, later);
        vm.warp(later - 1 hours);
        Question question = defaultQuestion(0).forRound(0, later - 1);
        (Request memory request, RequestId id) = ask(question);
        vm.warp(later - 1);
        record(request, defaultVerdict(), attest(request, defaultVerdict(), 7));
        assertState(id, RequestState.Recorded);
    }

    // By signature

    function test_RevertWhen_AnotherEndIsBroughtThanSigned() public {
        give();
        bytes memory signature = sign(subjectKey, Agreements.hashRenewal(agreementId, later, deadline()));
        vm.expectRevert(abi.encodeWithSelector(Signatures.SignatureInvalid.selector, subject));
        assent.renewBySig(agreement, later + 1, deadline(), signature);
    }

    function test_RevertWhen_AStrangerSigned() public {
        give();
        bytes memory signature = sign(strangerKey, Agreements.hashRenewal(agreementId, later, deadline()));
        vm.expectRevert(abi.encodeWithSelector(Signatures.SignatureInvalid.selector, subject));
        assent.renewBySig(agreement, later, deadline(), signature);
    }

    function test_RevertWhen_TheDeadlineHasPassed() public {
        give();
        uint40 until = deadline();
        bytes memory signature = sign(subjectKey, Agreements.hashRenewal(agreementId, later, until));
        vm.warp(until + 1);
        vm.expectRevert(abi.encodeWithSelector(Signatures.SignatureDeadlinePassed.selector, until, until + 1));
        assent.renewBySig(agreement, later, until, signature);
    }

    function test_WhenTheSubjectSigned() public {
        give();
        bytes memory signature = sign(subjectKey, Agreements.hashRenewal(agreementId, later, deadline()));
        vm.expectEmit(address(assent));
        emit IConsentDesk.AgreementRenewed(agreementId, subject, later);
        vm.prank(relayer);
        assent.renewBySig(agreement, later, deadline(), signature);
        assertEq(statusOf(agreement).validUntil, later);
        vm.expectRevert(abi.encodeWithSelector(IConsentDesk.RenewalTooEarly.selector, later, later));
        assent.renewBySig(agreement, later, deadline(), signature); // brought again, it changes nothing
    }

    function testFuzz_WhenTheEndIsAny(uint40 end, uint256 time) public {
        give();
        vm.warp(bound(time, START, START + 500 days));
        uint256 before = agreement.terms.validUntil;
        if (vm.getBlockTimestamp() > before) before = vm.getBlockTimestamp();
        vm.prank(subject);
        (bool success,) = address(assent).call(abi.encodeCall(assent.renew, (agreement, end)));
        assertEq(success, end > before, "success");
        assertEq(statusOf(agreement).validUntil, success ? end : agreement.terms.validUntil, "end");
    }

    function _assertRenews(address sender) private {
        AgreementStatus memory wanted = statusOf(agreement);
        wanted.validUntil = later;
        vm.expectEmit(address(assent));
        emit IConsentDesk.AgreementRenewed(agreementId, sender, later);
        vm.prank(sender);
        assent.renew(agreement, later);
        assertEq(abi.encode(statusOf(agreement)), abi.encode(wanted), "status");
    }

    function _expectNotSubject(address sender) private {
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.NotSubject.selector, sender, subject));
        vm.prank(sender);
        assent.renew(agreement, later);
    }

    function _expectNotGiven() private {
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementNotGiven.selector, agreementId));
        vm.prank(subject);
        assent.renew(agreement, later);
    }

    function _expectTooEarly(uint40 end, uint256 before) private {
        vm.expectRevert(abi.encodeWithSelector(IConsentDesk.RenewalTooEarly.selector, end, before));
        vm.prank(subject);
        assent.renew(agreement, end);
    }
}
