// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentDesk } from "../../../contracts/interfaces/IConsentDesk.sol";
import { Mandate, Mandates } from "../../../contracts/types/Mandate.sol";
import { ConsentTest } from "./ConsentTest.sol";

/// @notice What the tests of representatives share: a guardian of the subject's.
abstract contract MandateTest is ConsentTest {
    address internal guardian = makeAddr("guardian");
    uint40 internal constant MAJORITY = START + 1000 days;

    function mandate(uint8 rights) internal view returns (Mandate memory) {
        bool letsLast = rights & (Mandates.GIVE | Mandates.RENEW) != 0;
        uint120 purposes = letsLast ? uint120(agreement.terms.purposes) : 0;
        return Mandate({ rights: rights, from: START + Mandates.NOTICE, until: MAJORITY, purposes: purposes });
    }

    function appoint(Mandate memory given) internal {
        vm.prank(subject);
        assent.appoint(guardian, given);
    }

    /// @dev Its first second has come.
    function appointNow(uint8 rights) internal {
        appoint(mandate(rights));
        skip(Mandates.NOTICE);
    }

    function assertMandate(Mandate memory wanted) internal view {
        assertEq(abi.encode(assent.mandateOf(subject, guardian)), abi.encode(wanted), "mandate");
    }

    function assertNone() internal view {
        Mandate memory none;
        assertMandate(none);
    }

    function expectDismissed() internal {
        vm.expectEmit(address(assent));
        emit IConsentDesk.Dismissed(subject, guardian);
    }
}
