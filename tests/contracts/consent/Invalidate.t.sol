// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentDesk } from "../../../contracts/interfaces/IConsentDesk.sol";
import { IConsentRegistry } from "../../../contracts/interfaces/IConsentRegistry.sol";
import { AgreementState } from "../../../contracts/types/Agreement.sol";
import { ConsentTest } from "./ConsentTest.sol";

contract InvalidateTest is ConsentTest {
    function testFuzz_RevertWhen_TheSenderIsAnyoneElse(address sender) public {
        vm.assume(sender != holder);
        give();
        vm.expectRevert(abi.encodeWithSelector(IConsentDesk.NotHolder.selector, sender, holder));
        vm.prank(sender);
        assent.invalidate(agreement);
        assertGiven(agreement);
    }

    function test_RevertGiven_ItWasNeverGiven() public {
        _expectNotGiven();
    }

    function test_RevertGiven_ItWasWithdrawn() public {
        give();
        withdraw();
        _expectNotGiven();
    }

    /// @dev The holder of another agreement has the id of that one.
    function test_RevertWhen_TheHolderIsAltered() public {
        give();
        agreement.source.holder = stranger;
        agreementId = hasher.agreementId(agreement);
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementNotGiven.selector, agreementId));
        vm.prank(stranger);
        assent.invalidate(agreement);
    }

    function test_GivenItWasGiven() public {
        give();
        skip(1 days);
        vm.expectEmit(address(assent));
        emit IConsentDesk.AgreementInvalidated(agreementId, holder);
        vm.prank(holder);
        assent.invalidate(agreement);
        assertStatus(agreement, AgreementState.Invalidated, agreement.terms.validUntil);
        _expectNotGiven();
    }

    function _expectNotGiven() private {
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementNotGiven.selector, agreementId));
        vm.prank(holder);
        assent.invalidate(agreement);
    }
}
