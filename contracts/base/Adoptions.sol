// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { AgreementSlot } from "../types/Agreement.sol";
import { AgreementId } from "../types/Ids.sol";
import { State } from "./State.sol";

/// @dev What was adopted under an agreement ends with it, and is renewed with it: at once, and by events of its own, so that who watches one
/// agreement need not know of another.
abstract contract Adoptions is State {
    /// @dev Of those that the slot's agreement has; empty for nearly all, which the slot tells without another read.
    function _adoptedUnder(AgreementId id, AgreementSlot slot) internal view returns (AgreementId[] memory ids) {
        if (slot.allotted() != 0) ids = _adopted[id];
    }
}
