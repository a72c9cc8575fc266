// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentRegistry } from "../interfaces/IConsentRegistry.sol";
import { Mandate, Mandates } from "../types/Mandate.sol";
import { State } from "./State.sol";

/// @dev Who acts for a subject, and within what.
abstract contract Representatives is State {
    using Mandates for Mandate;

    /// @return mandate The sender's, which has this right now.
    function _onlyRepresentative(address subject, uint8 right) internal view returns (Mandate memory mandate) {
        mandate = _mandates[subject][msg.sender];
        if (!mandate.covers(right)) revert IConsentRegistry.NotSubject(msg.sender, subject);
    }

    /// @dev What a representative lets last, by giving or by renewing, is for the mandate's purposes and over with it. What it ends isn't asked:
    /// ending takes nothing from the subject that it can't agree to anew.
    function _mustBeWithin(Mandate memory mandate, uint256 purposes, uint40 validUntil) internal pure {
        uint256 beyond = purposes & ~uint256(mandate.purposes);
        if (beyond != 0) revert IConsentRegistry.MandateExceeded(beyond);
        if (validUntil > mandate.until) revert IConsentRegistry.MandateOutlasted(validUntil, mandate.until);
    }
}
