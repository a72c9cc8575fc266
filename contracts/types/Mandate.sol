// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice What a representative may do for a subject, and when: a guardian until majority, a data trust for some purposes.
struct Mandate {
    /// One bit each: see `Mandates`.
    uint8 rights;
    /// First and one past the last second of it (Unix time). No agreement that it gives or renews lasts longer.
    uint40 from;
    uint40 until;
    /// DPV purposes for which it may give agreements, and renew them, one bit each.
    uint120 purposes;
}

library Mandates {
    uint8 internal constant GIVE = 1;
    uint8 internal constant REVOKE = 2;
    uint8 internal constant RENEW = 4;

    uint8 internal constant ALL = 7;

    /// How long before it begins a mandate to end or to lengthen agreements must be known: time in which the subject can dismiss a
    /// representative that it never meant to appoint. Who has its key for a moment could give agreements without one.
    uint40 internal constant NOTICE = 1 days;

    /// @notice Whether it has this right now.
    function covers(Mandate memory mandate, uint8 right) internal view returns (bool) {
        return mandate.rights & right != 0 && block.timestamp >= mandate.from && block.timestamp < mandate.until;
    }
}
