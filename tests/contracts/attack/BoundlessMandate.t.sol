// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentRegistry } from "../../../contracts/interfaces/IConsentRegistry.sol";
import { Mandate, Mandates } from "../../../contracts/types/Mandate.sol";
import { MandateTest } from "../consent/MandateTest.sol";

/// @notice A representative with a mandate to renew lengthened agreements for any purpose, far beyond its own mandate; one with a mandate to give
/// gave such as outlasted it.
contract BoundlessMandateTest is MandateTest {
    function test_NoRenewalOutlastsTheMandate() public {
        give();
        appointNow(Mandates.RENEW);
        _expectOutlasted(MAJORITY + 1, abi.encodeCall(assent.renew, (agreement, MAJORITY + 1)));
        vm.prank(guardian);
        assent.renew(agreement, MAJORITY);
    }

    function test_NoRenewalIsForOtherPurposes() public {
        uint256 marketing = 1 << purposeNamed("Marketing");
        Mandate memory narrow = mandate(Mandates.RENEW);
        agreement.terms.purposes |= marketing;
        give();
        appoint(narrow);
        skip(Mandates.NOTICE);
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.MandateExceeded.selector, marketing));
        vm.prank(guardian);
        assent.renew(agreement, MAJORITY);
    }

    function test_NothingGivenOutlastsTheMandate() public {
        appointNow(Mandates.GIVE);
        agreement.terms.validUntil = MAJORITY + 1;
        _expectOutlasted(MAJORITY + 1, abi.encodeCall(assent.give, (agreement)));
        agreement.terms.validUntil = MAJORITY;
        vm.prank(guardian);
        assent.give(agreement);
    }

    /// @dev The subject itself is bound by no mandate.
    function test_TheSubjectRenewsAsItLikes() public {
        give();
        appointNow(Mandates.ALL);
        vm.prank(subject);
        assent.renew(agreement, MAJORITY + 100 days);
    }

    /// @dev To end an agreement takes nothing that can't be agreed to anew.
    function test_ARepresentativeEndsWhatItsPurposesDoNotHave() public {
        Mandate memory narrow = mandate(Mandates.ALL);
        agreement.terms.purposes |= 1 << purposeNamed("Marketing");
        give();
        appoint(narrow);
        skip(Mandates.NOTICE);
        vm.prank(guardian);
        assent.revoke(agreement);
    }

    function _expectOutlasted(uint40 validUntil, bytes memory data) private {
        vm.prank(guardian);
        (bool success, bytes memory reason) = address(assent).call(data);
        assertFalse(success, "success");
        assertEq(
            reason, abi.encodeWithSelector(IConsentRegistry.MandateOutlasted.selector, validUntil, MAJORITY), "reason"
        );
    }
}
