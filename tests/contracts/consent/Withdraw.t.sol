// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentRegistry } from "../../../contracts/interfaces/IConsentRegistry.sol";
import { AgreementState, AgreementStatus, Agreements, Steps } from "../../../contracts/types/Agreement.sol";
import { AgreementId } from "../../../contracts/types/Ids.sol";
import { AssentTest } from "../base/AssentTest.sol";
import { Wallet } from "../base/Wallets.sol";

contract WithdrawTest is AssentTest {
    function test_RevertWhen_TheSenderIsNotTheSubject() public {
        give();
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.NotSubject.selector, controller, subject));
        vm.prank(controller);
        assent.withdraw(agreement);
    }

    function testFuzz_RevertWhen_TheSenderIsAnyoneElse(address sender) public {
        vm.assume(sender != subject);
        give();
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.NotSubject.selector, sender, subject));
        vm.prank(sender);
        assent.withdraw(agreement);
    }

    function test_GivenItWasNeverGiven() public {
        bytes memory signature = sign(subjectKey, Agreements.hashGiving(agreementId, deadline()));
        withdraw();
        assertEq(uint8(assent.agreementStatus(agreementId).state), uint8(AgreementState.Withdrawn), "state");
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementExists.selector, agreementId));
        assent.giveBySig(agreement, deadline(), signature);
    }

    function test_RevertGiven_ItWasWithdrawn() public {
        give();
        withdraw();
        _expectNotGiven();
    }

    function test_WhenATermIsAltered() public {
        give();
        agreement.uses += 1;
        withdraw();
        assertEq(uint8(assent.agreementStatus(agreementId).state), uint8(AgreementState.Given), "the one given");
        AgreementId other = hasher.agreementId(agreement);
        assertEq(uint8(assent.agreementStatus(other).state), uint8(AgreementState.Withdrawn), "the other");
    }

    function test_GivenItWasGiven() public {
        give();
        skip(1 days);
        vm.expectEmit(address(assent));
        emit IConsentRegistry.AgreementWithdrawn(agreementId, subject);
        withdraw();
        _assertWithdrawn();

        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementNotGiven.selector, agreementId));
        assent.check(agreement, controller, purposeAgreed, Steps.INFER, 0);
    }

    function test_GivenItHasExpired() public {
        give();
        vm.warp(agreement.validUntil);
        withdraw();
        _assertWithdrawn();
    }

    function test_GivenTheSubjectIsAContract() public {
        Wallet wallet = new Wallet(subject);
        agreement.subject = address(wallet);
        give();
        vm.prank(subject);
        wallet.execute(address(assent), abi.encodeCall(assent.withdraw, (agreement)));
        _assertWithdrawn();
    }

    function _expectNotGiven() private {
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementNotGiven.selector, agreementId));
        vm.prank(subject);
        assent.withdraw(agreement);
    }

    function _assertWithdrawn() private view {
        AgreementStatus memory status = assent.agreementStatus(agreementId);
        assertEq(uint8(status.state), uint8(AgreementState.Withdrawn), "state");
        assertEq(status.since, vm.getBlockTimestamp(), "since");
        assertEq(status.validUntil, agreement.validUntil, "validUntil");
    }
}
