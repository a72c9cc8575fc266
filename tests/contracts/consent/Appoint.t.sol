// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentDesk } from "../../../contracts/interfaces/IConsentDesk.sol";
import { Purposes } from "../../../contracts/libraries/Purposes.sol";
import { Mandate, Mandates } from "../../../contracts/types/Mandate.sol";
import { MandateTest } from "./MandateTest.sol";

contract AppointTest is MandateTest {
    function test_RevertWhen_TheRepresentativeIsTheSubject() public {
        vm.expectRevert(abi.encodeWithSelector(IConsentDesk.MandateMalformed.selector, "representative"));
        vm.prank(subject);
        assent.appoint(subject, mandate(Mandates.ALL));
    }

    function test_RevertWhen_ThereIsNoRight() public {
        Mandate memory given = mandate(Mandates.REVOKE);
        given.rights = 0;
        _expectMalformed(given, "rights");
    }

    function test_RevertWhen_ARightIsUnknown() public {
        Mandate memory given = mandate(Mandates.ALL);
        given.rights = Mandates.ALL + 1;
        _expectMalformed(given, "rights");
    }

    function test_RevertWhen_ItsTimeIsEmpty() public {
        Mandate memory given = mandate(Mandates.ALL);
        given.until = given.from;
        _expectMalformed(given, "until");
    }

    function test_RevertWhen_ItsTimeIsOver() public {
        Mandate memory given = mandate(Mandates.GIVE);
        (given.from, given.until) = (0, START);
        _expectMalformed(given, "until");
    }

    function test_RevertWhen_ItMayEndAgreementsAtOnce() public {
        for (uint8 rights = Mandates.REVOKE; rights <= Mandates.ALL; ++rights) {
            Mandate memory given = mandate(rights);
            given.from = START + Mandates.NOTICE - 1;
            _expectMalformed(given, "from");
        }
    }

    function test_RevertWhen_ItMayGiveOrRenewForNoPurpose() public {
        uint8[3] memory rights = [Mandates.GIVE, Mandates.RENEW, Mandates.ALL];
        for (uint256 i = 0; i < 3; ++i) {
            Mandate memory given = mandate(rights[i]);
            given.purposes = 0;
            _expectMalformed(given, "purposes");
        }
    }

    function test_RevertWhen_ItHasPurposesAndMayOnlyRevoke() public {
        Mandate memory given = mandate(Mandates.REVOKE);
        given.purposes = 1;
        _expectMalformed(given, "purposes");
    }

    function test_WhenItMayGiveOnly() public {
        Mandate memory given = mandate(Mandates.GIVE);
        (given.from, given.purposes) = (0, uint120(Purposes.ALL));
        _assertAppoints(given);
    }

    function test_WhenItMayDoAll() public {
        _assertAppoints(mandate(Mandates.ALL));
    }

    function test_GivenItWasAppointedBefore() public {
        appoint(mandate(Mandates.ALL));
        _assertAppoints(mandate(Mandates.GIVE));
    }

    /// @dev Nobody gets a mandate for a subject but from it.
    function testFuzz_WhenAnyoneElseAppoints(address sender) public {
        vm.assume(sender != subject && sender != guardian);
        vm.prank(sender);
        assent.appoint(guardian, mandate(Mandates.ALL));
        assertNone();
    }

    function _assertAppoints(Mandate memory given) private {
        vm.expectEmit(address(assent));
        emit IConsentDesk.Appointed(subject, guardian, given);
        appoint(given);
        assertMandate(given);
    }

    function _expectMalformed(Mandate memory given, string memory term) private {
        vm.expectRevert(abi.encodeWithSelector(IConsentDesk.MandateMalformed.selector, term));
        appoint(given);
        assertNone();
    }
}
