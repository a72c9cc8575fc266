// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentRegistry } from "../../../contracts/interfaces/IConsentRegistry.sol";
import { Mandate, Mandates } from "../../../contracts/types/Mandate.sol";
import { MandateTest } from "./MandateTest.sol";

contract GiveAsRepresentativeTest is MandateTest {
    function test_RevertGiven_ThereIsNoMandate() public {
        _expectRefused();
    }

    function test_RevertGiven_TheMandateIsOfAnotherSubject() public {
        vm.prank(stranger);
        assent.appoint(guardian, mandate(Mandates.ALL));
        skip(Mandates.NOTICE);
        _expectRefused();
    }

    function test_RevertGiven_TheMandateIsNotToGive() public {
        appointNow(Mandates.REVOKE | Mandates.RENEW);
        _expectRefused();
    }

    function test_RevertGiven_TheMandateHasNotBegun() public {
        appoint(mandate(Mandates.GIVE));
        skip(Mandates.NOTICE - 1);
        _expectRefused();
    }

    /// @dev A guardian's ends when the subject is of age.
    function test_RevertGiven_TheMandateIsOver() public {
        appoint(mandate(Mandates.GIVE));
        agreement.terms.validUntil = MAJORITY + 1 days;
        vm.warp(MAJORITY);
        _expectRefused();
    }

    function test_RevertGiven_APurposeIsNotInTheMandate() public {
        appointNow(Mandates.GIVE);
        uint256 beyond = 1 << purposeNamed("Marketing");
        agreement.terms.purposes |= beyond;
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.MandateExceeded.selector, beyond));
        vm.prank(guardian);
        assent.give(agreement);
    }

    function test_GivenTheMandateCoversIt() public {
        appointNow(Mandates.GIVE);
        _assertGives();
    }

    function test_RevertGiven_ItWouldOutlastTheMandate() public {
        appointNow(Mandates.GIVE);
        agreement.terms.validUntil = MAJORITY + 1;
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.MandateOutlasted.selector, MAJORITY + 1, MAJORITY));
        vm.prank(guardian);
        assent.give(agreement);
    }

    function test_GivenItIsTheLastSecondOfTheMandate() public {
        appoint(mandate(Mandates.GIVE));
        agreement.terms.validUntil = MAJORITY;
        vm.warp(MAJORITY - 1);
        _assertGives();
    }

    /// @dev What was given stands, until it is withdrawn.
    function test_GivenTheRepresentativeIsDismissedAfter() public {
        appointNow(Mandates.GIVE);
        _assertGives();
        vm.prank(subject);
        assent.dismiss(subject, guardian);
        assertGiven(agreement);
        vm.prank(subject);
        assent.withdraw(agreement);
        assertWithdrawn(agreement, agreement.terms.validUntil);
    }

    function testFuzz_GivenTheMandateIsAny(Mandate memory any, uint256 time) public {
        any.rights = uint8(bound(any.rights, 1, Mandates.ALL));
        any.from = uint40(bound(any.from, START + Mandates.NOTICE, START + 10 days));
        any.until = uint40(bound(any.until, any.from + 1, START + 20 days));
        agreement.terms.validUntil = START + 15 days;
        bool letsLast = any.rights & (Mandates.GIVE | Mandates.RENEW) != 0;
        any.purposes = letsLast ? uint120(bound(any.purposes, 1, type(uint120).max)) : 0;
        appoint(any);
        vm.warp(bound(time, START, START + 15 days - 1));
        bool now_ = vm.getBlockTimestamp() >= any.from && vm.getBlockTimestamp() < any.until;
        bool within = agreement.terms.purposes & ~uint256(any.purposes) == 0 && agreement.terms.validUntil <= any.until;
        vm.prank(guardian);
        (bool success,) = address(assent).call(abi.encodeCall(assent.give, (agreement)));
        assertEq(success, now_ && within && any.rights & Mandates.GIVE != 0);
    }

    function _expectRefused() private {
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.NotSubject.selector, guardian, subject));
        vm.prank(guardian);
        assent.give(agreement);
        assertUnknown(agreement);
    }

    function _assertGives() private {
        agreementId = hasher.agreementId(agreement);
        vm.expectEmit(address(assent));
        emit IConsentRegistry.AgreementRepresented(agreementId, guardian);
        expectGiven(agreement);
        vm.prank(guardian);
        assent.give(agreement);
        assertGiven(agreement);
    }
}
