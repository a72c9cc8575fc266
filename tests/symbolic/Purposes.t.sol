// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Purposes } from "../../contracts/libraries/Purposes.sol";

/// @notice Whether an agreement permits a purpose: for all purposes, and all masks of 256 bits.
contract PurposesProof {
    function check_PermitsIfCoveredAndNotProhibited(uint8 purpose, uint256 agreed, uint256 prohibited) external pure {
        bool expected = Purposes.covers(purpose, agreed) && !Purposes.prohibits(purpose, prohibited);
        assert(Purposes.permits(purpose, agreed, prohibited) == expected);
    }

    /// @dev Whatever is agreed to beside it.
    function check_ProhibitionWins(uint8 purpose, uint8 other, uint256 agreed, uint256 prohibited) external pure {
        uint256 kin = Purposes.ancestorsOrSelf(purpose) | Purposes.descendantsOrSelf(purpose);
        if ((kin >> other) & 1 == 0 || (prohibited >> other) & 1 == 0) return;
        assert(!Purposes.permits(purpose, agreed, prohibited));
    }

    function check_CoveredIfAnAncestorIsAgreedTo(uint8 purpose, uint8 other) external pure {
        bool isAncestor = (Purposes.ancestorsOrSelf(purpose) >> other) & 1 == 1;
        assert(Purposes.permits(purpose, 1 << other, 0) == isAncestor);
    }

    function check_EachCoversItselfAndNothingBeyondIsAPurpose(uint8 purpose) external pure {
        assert(Purposes.covers(purpose, 1 << purpose) == (purpose < Purposes.COUNT));
        assert(Purposes.ancestorsOrSelf(purpose) & ~Purposes.ALL == 0);
        assert(Purposes.descendantsOrSelf(purpose) & ~Purposes.ALL == 0);
        assert(purpose < Purposes.COUNT || !Purposes.permits(purpose, type(uint256).max, 0));
    }

    function check_AnAncestorsAncestorIsAnAncestor(uint8 purpose, uint8 other) external pure {
        uint256 lineage = Purposes.ancestorsOrSelf(purpose);
        if ((lineage >> other) & 1 == 0) return;
        assert(Purposes.ancestorsOrSelf(other) & ~lineage == 0);
    }

    /// @dev Agreeing to more never permits less, and prohibiting more never permits more.
    function check_PermissionGrowsWithConsentOnly(uint8 purpose, uint256 agreed, uint256 more, uint256 prohibited)
        external
        pure
    {
        if (!Purposes.permits(purpose, agreed, prohibited)) return;
        assert(Purposes.permits(purpose, agreed | more, prohibited));
        assert(Purposes.permits(purpose, agreed, prohibited & more));
    }
}
