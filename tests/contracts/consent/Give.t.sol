// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentRegistry } from "../../../contracts/interfaces/IConsentRegistry.sol";
import { Purposes } from "../../../contracts/libraries/Purposes.sol";
import { AgreementState, AgreementStatus, Steps } from "../../../contracts/types/Agreement.sol";
import { AgreementId } from "../../../contracts/types/Ids.sol";
import { AssentTest } from "../base/AssentTest.sol";

contract GiveTest is AssentTest {
    function test_RevertWhen_TheSenderIsNotTheSubject() public {
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.NotSubject.selector, controller, subject));
        vm.prank(controller);
        assent.give(agreement);
    }

    function testFuzz_RevertWhen_TheSenderIsAnyoneElse(address sender) public {
        vm.assume(sender != subject);
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.NotSubject.selector, sender, subject));
        vm.prank(sender);
        assent.give(agreement);
    }

    function test_RevertWhen_NoPurposeIsAgreedTo() public {
        agreement.purposes = 0;
        _expectMalformed("purposes");
    }

    function test_RevertWhen_APurposeIsUnknown() public {
        agreement.purposes |= 1 << Purposes.COUNT;
        _expectMalformed("purposes");
    }

    function test_RevertWhen_AProhibitedPurposeIsUnknown() public {
        agreement.prohibited = 1 << 255;
        _expectMalformed("prohibited");
    }

    function test_RevertWhen_NoStepIsAgreedTo() public {
        agreement.steps = 0;
        _expectMalformed("steps");
    }

    function test_RevertWhen_AStepIsUnknown() public {
        agreement.steps |= uint8(1 << Steps.COUNT);
        _expectMalformed("steps");
    }

    function test_RevertWhen_ThereIsNoUse() public {
        agreement.uses = 0;
        _expectMalformed("uses");
    }

    function test_RevertWhen_TheValidityIsOver() public {
        agreement.validUntil = START;
        _expectMalformed("validUntil");
    }

    function test_RevertWhen_TheValidityIsEmpty() public {
        agreement.validFrom = agreement.validUntil;
        _expectMalformed("validFrom");
    }

    function test_RevertGiven_ItWasGiven() public {
        give();
        _expectExists();
    }

    function test_RevertGiven_ItWasWithdrawn() public {
        give();
        withdraw();
        _expectExists();
    }

    function test_WhenEveryTermIsMeant() public {
        vm.expectEmit(address(assent));
        emit IConsentRegistry.AgreementGiven(agreementId, subject, controller, agreement);
        vm.prank(subject);
        AgreementId id = assent.give(agreement);

        assertTrue(id == agreementId, "id");
        _assertGiven();
    }

    function test_WhenEveryTermIsAtItsLimit() public {
        agreement.purposes = Purposes.ALL;
        agreement.prohibited = Purposes.ALL;
        agreement.steps = Steps.ALL;
        agreement.uses = type(uint32).max;
        agreement.validUntil = type(uint40).max;
        agreement.validFrom = type(uint40).max - 1;
        give();
        _assertGiven();
    }

    function test_WhenOnlyTheSaltDiffersFromOneWithdrawn() public {
        give();
        withdraw();
        agreement.salt = keccak256("another salt");
        give();
        _assertGiven();
    }

    function _expectMalformed(string memory term) private {
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementMalformed.selector, term));
        vm.prank(subject);
        assent.give(agreement);
        assertEq(uint8(assent.agreementStatus(hasher.agreementId(agreement)).state), uint8(AgreementState.None));
    }

    function _expectExists() private {
        AgreementStatus memory before = assent.agreementStatus(agreementId);
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementExists.selector, agreementId));
        vm.prank(subject);
        assent.give(agreement);
        assertEq(abi.encode(assent.agreementStatus(agreementId)), abi.encode(before), "status");
    }

    function _assertGiven() private view {
        AgreementStatus memory status = assent.agreementStatus(agreementId);
        assertEq(uint8(status.state), uint8(AgreementState.Given), "state");
        assertEq(status.since, START, "since");
        assertEq(status.validUntil, agreement.validUntil, "validUntil");
    }
}
