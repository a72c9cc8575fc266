// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Proxy } from "@openzeppelin/contracts/proxy/Proxy.sol";

import { ConsentRegistry } from "./base/ConsentRegistry.sol";
import { VerdictOracle } from "./base/VerdictOracle.sol";
import { IArbiter } from "./interfaces/IArbiter.sol";
import { Policies } from "./libraries/Policies.sol";
import { Policy } from "./types/Operator.sol";

/// @title Assent
/// @notice Machine-learning verdicts about data whose owner agreed. `IAssent` is all that it does.
/// @dev Without owner, and no part of it can be replaced. What is called for every agreement and every verdict is here; all else is in
/// `AssentRegistries`, `AssentDesk` and `AssentConsents`, to which the fallback delegates: one contract has no room for all, and each
/// function in front of another costs that one 22 gas a call (docs/adr/0006).
contract Assent is ConsentRegistry, VerdictOracle, Proxy {
    address public immutable registries;

    /// @notice Ether without a purpose: call `deposit`.
    error PlainEther();

    constructor(address registries_, Policy memory policy) VerdictOracle(_window(registries_)) {
        Policies.check(policy, IArbiter(registries_).challengeTerms());
        registries = registries_;
        _policy = policy;
    }

    /// @dev Ether that nobody is named for would be nobody's.
    receive() external payable {
        revert PlainEther();
    }

    function _implementation() internal view override returns (address) {
        return registries;
    }

    function _window(address registries_) private view returns (uint256) {
        return IArbiter(registries_).challengeTerms().window;
    }
}
