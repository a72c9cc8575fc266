// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentDesk } from "../../../contracts/interfaces/IConsentDesk.sol";
import { IConsentRegistry } from "../../../contracts/interfaces/IConsentRegistry.sol";
import { AgreementState } from "../../../contracts/types/Agreement.sol";
import { RequestId, SourceId } from "../../../contracts/types/Ids.sol";
import { Mandates } from "../../../contracts/types/Mandate.sol";
import { Question } from "../../../contracts/types/Question.sol";
import { Request, RequestState } from "../../../contracts/types/Verdict.sol";
import { MandateTest } from "./MandateTest.sol";

contract RevokeTest is MandateTest {
    function test_RevertGiven_ThereIsNoMandate() public {
        give();
        _expectRefused(guardian);
    }

    /// @dev The subject withdraws: the two states are kept apart.
    function test_RevertWhen_TheSenderIsTheSubject() public {
        give();
        _expectRefused(subject);
    }

    function test_RevertGiven_TheMandateIsNotToRevoke() public {
        give();
        appointNow(Mandates.GIVE | Mandates.RENEW);
        _expectRefused(guardian);
    }

    function test_RevertGiven_TheMandateHasNotBegun() public {
        give();
        appoint(mandate(Mandates.REVOKE));
        skip(Mandates.NOTICE - 1);
        _expectRefused(guardian);
    }

    function test_RevertGiven_TheMandateIsOver() public {
        give();
        appoint(mandate(Mandates.REVOKE));
        vm.warp(MAJORITY);
        _expectRefused(guardian);
    }

    function test_RevertGiven_ItWasNeverGiven() public {
        appointNow(Mandates.REVOKE);
        _expectNotGiven();
    }

    function test_RevertGiven_ItWasWithdrawn() public {
        give();
        withdraw();
        appointNow(Mandates.REVOKE);
        _expectNotGiven();
    }

    function test_GivenTheMandateCoversIt() public {
        give();
        appointNow(Mandates.REVOKE);
        (Request memory request, RequestId open) = ask(0);
        vm.expectEmit(address(assent));
        emit IConsentDesk.AgreementRevoked(agreementId, guardian);
        vm.prank(guardian);
        assent.revoke(agreement);
        assertStatus(agreement, AgreementState.Revoked, agreement.terms.validUntil);

        SourceId source = hasher.sourceId(agreement.source);
        Question question = defaultQuestion(1);
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementNotGiven.selector, agreementId));
        assent.check(source, controller, agreement.terms, question);
        assent.refuse(request);
        assertState(open, RequestState.Refused);
    }

    /// @dev It is ended for good: neither side can bring it back.
    function test_GivenItWasRevoked() public {
        give();
        appointNow(Mandates.ALL);
        vm.prank(guardian);
        assent.revoke(agreement);
        _expectNotGiven();
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementNotGiven.selector, agreementId));
        withdraw();
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementExists.selector, agreementId));
        vm.prank(subject);
        assent.give(agreement);
    }

    function _expectRefused(address sender) private {
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.NotSubject.selector, sender, subject));
        vm.prank(sender);
        assent.revoke(agreement);
        assertEq(uint8(statusOf(agreement).state), uint8(AgreementState.Given));
    }

    function _expectNotGiven() private {
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementNotGiven.selector, agreementId));
        vm.prank(guardian);
        assent.revoke(agreement);
    }
}
