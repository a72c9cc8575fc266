// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ConsentRegistry } from "./base/ConsentRegistry.sol";
import { Delegating } from "./base/Delegating.sol";
import { VerdictOracle } from "./base/VerdictOracle.sol";
import { IArbiter } from "./interfaces/IArbiter.sol";
import { Policies } from "./libraries/Policies.sol";
import { Policy } from "./types/Operator.sol";

/// @title Assent
/// @notice Machine-learning verdicts about data whose owner agreed. `IAssent` is all that it does.
/// @dev Without owner, and no part of it can be replaced. What is called for every agreement and every verdict is here; all else is in
/// `AssentRegistries`, `AssentDesk` and `AssentConsents`, to which the fallback delegates: one contract has no room for all, and each
/// function in front of another costs that one 22 gas a call (docs/adr/0006).
contract Assent is ConsentRegistry, VerdictOracle, Delegating {
    constructor(address registries_, Policy memory policy)
        Delegating(registries_)
        VerdictOracle(IArbiter(registries_).challengeTerms().window)
    {
        Policies.check(policy, IArbiter(registries_).challengeTerms());
        _policy = policy;
    }

    function registries() external view returns (address) {
        return _next;
    }
}
