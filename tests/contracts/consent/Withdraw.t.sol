// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentRegistry } from "../../../contracts/interfaces/IConsentRegistry.sol";
import { AgreementState, AgreementStatus, Agreements } from "../../../contracts/types/Agreement.sol";
import { SourceId } from "../../../contracts/types/Ids.sol";
import { Question } from "../../../contracts/types/Question.sol";
import { Answer, Wallet } from "../base/Wallets.sol";
import { ConsentTest } from "./ConsentTest.sol";

contract WithdrawTest is ConsentTest {
    function test_RevertWhen_TheSenderIsNotTheSubject() public {
        give();
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.NotSubject.selector, controller, subject));
        vm.prank(controller);
        assent.withdraw(agreement);
        assertGiven(agreement);
    }

    function testFuzz_RevertWhen_TheSenderIsAnyoneElse(address sender) public {
        vm.assume(sender != subject);
        give();
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.NotSubject.selector, sender, subject));
        vm.prank(sender);
        assent.withdraw(agreement);
    }

    function test_GivenItWasNeverGiven() public {
        uint40 until = deadline();
        bytes memory signature = sign(subjectKey, Agreements.hashGiving(agreementId, until));
        _assertWithdraws(0);
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementExists.selector, agreementId));
        assent.giveBySig(agreement, until, signature);
        assertWithdrawn(agreement, 0);
    }

    function test_RevertGiven_ItWasWithdrawn() public {
        give();
        withdraw();
        _expectNotGiven();
    }

    function test_RevertGiven_ItWasWithdrawnBeforeItWasGiven() public {
        withdraw();
        _expectNotGiven();
    }

    function test_WhenATermIsAltered() public {
        give();
        agreement.terms.uses += 1;
        withdraw();
        assertWithdrawn(agreement, 0);
        agreement.terms.uses -= 1;
        assertGiven(agreement);
    }

    function test_GivenItWasGiven() public {
        give();
        skip(1 days);
        _assertWithdraws(agreement.terms.validUntil);

        SourceId source = hasher.sourceId(agreement.source);
        Question question = defaultQuestion(0);
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementNotGiven.selector, agreementId));
        assent.check(source, controller, agreement.terms, question);
    }

    function test_GivenItHasExpired() public {
        give();
        vm.warp(agreement.terms.validUntil);
        _assertWithdraws(agreement.terms.validUntil);
    }

    /// @dev What was earned before is still the subject's.
    function test_GivenItHasEarned() public {
        agreement.terms.price = 5;
        give();
        askAndRecord(0, 7);
        skip(1 days);
        withdraw();
        AgreementStatus memory wanted =
            AgreementStatus(AgreementState.Withdrawn, START + 1 days, agreement.terms.validUntil, 1, 0, 0, 0);
        assertEq(abi.encode(statusOf(agreement)), abi.encode(wanted), "status");
        assertEq(assent.settle(agreement, model), 1, "settled");
        assertEq(assent.balanceOf(subject, address(0)), 5, "balance");
    }

    function test_GivenTheSubjectIsAContract() public {
        Wallet wallet = becomeWallet(Answer.Refusal);
        give();
        expectWithdrawn(agreement);
        vm.prank(subject);
        wallet.execute(address(assent), abi.encodeCall(assent.withdraw, (agreement)));
        assertWithdrawn(agreement, agreement.terms.validUntil);
    }

    function _expectNotGiven() private {
        AgreementStatus memory before = statusOf(agreement);
        skip(1 days);
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementNotGiven.selector, agreementId));
        vm.prank(subject);
        assent.withdraw(agreement);
        assertEq(abi.encode(statusOf(agreement)), abi.encode(before), "status");
    }

    function _assertWithdraws(uint40 validUntil) private {
        expectWithdrawn(agreement);
        withdraw();
        assertWithdrawn(agreement, validUntil);
    }
}
