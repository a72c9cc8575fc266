// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentRegistry } from "../../../contracts/interfaces/IConsentRegistry.sol";
import { Mandates } from "../../../contracts/types/Mandate.sol";
import { MandateTest } from "./MandateTest.sol";

contract DismissTest is MandateTest {
    function setUp() public override {
        super.setUp();
        give();
        appointNow(Mandates.ALL);
    }

    function testFuzz_RevertWhen_TheSenderIsAnyoneElse(address sender) public {
        vm.assume(sender != subject && sender != guardian);
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.NotSubject.selector, sender, subject));
        vm.prank(sender);
        assent.dismiss(subject, guardian);
        assertMandate(assent.mandateOf(subject, guardian));
    }

    function test_WhenTheSenderIsTheSubject() public {
        _assertDismisses(subject);
    }

    function test_WhenTheSenderIsTheRepresentative() public {
        _assertDismisses(guardian);
    }

    function _assertDismisses(address sender) private {
        expectDismissed();
        vm.prank(sender);
        assent.dismiss(subject, guardian);
        assertNone();
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.NotSubject.selector, guardian, subject));
        vm.prank(guardian);
        assent.revoke(agreement);
    }
}
