// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ConsentRegistry } from "./base/ConsentRegistry.sol";
import { Delegating } from "./base/Delegating.sol";
import { VerdictOracle } from "./base/VerdictOracle.sol";
import { Window } from "./base/Window.sol";
import { ICommittee } from "./interfaces/ICommittee.sol";

/// @title Assent
/// @notice Machine-learning verdicts about data whose owner agreed. `IAssent` is all that it does. Its epochs, and what becomes of challenged
/// verdicts, a `Committee` tells it.
/// @dev Without owner, and no part of it can be replaced. What is called for every agreement and every verdict is here; all else is in
/// `AssentRequests` and `AssentAgreements`, to which the fallback delegates: one contract has no room for all, and each function in front of
/// another costs that one 22 gas a call (docs/adr/0006).
contract Assent is ConsentRegistry, VerdictOracle, Delegating {
    /// @notice The committee signs for another contract.
    error CommitteeOfAnother(address core);

    /// @param committee_ Made before, for the address that this contract will have.
    constructor(address requests_, ICommittee committee_) Delegating(requests_) Window(committee_.terms().window) {
        address core = address(committee_.core());
        if (core != address(this)) revert CommitteeOfAnother(core);
    }

    function requests() external view returns (address) {
        return _next;
    }
}
