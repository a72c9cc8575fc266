// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Proxy } from "@openzeppelin/contracts/proxy/Proxy.sol";

import { ModelRegistry } from "./base/ModelRegistry.sol";
import { OperatorSet } from "./base/OperatorSet.sol";
import { Treasury } from "./base/Treasury.sol";

/// @title The part of Assent for models, operators and balances
/// @dev Runs in `Assent`'s storage, by delegatecall, as `AssentDesk` does, to which it passes on what it doesn't know.
contract AssentRegistries is ModelRegistry, OperatorSet, Treasury, Proxy {
    address public immutable desk;

    error PlainEther();

    constructor(address desk_) {
        desk = desk_;
    }

    /// @dev Ether sent to this address instead of Assent's would be lost.
    receive() external payable {
        revert PlainEther();
    }

    function _implementation() internal view override returns (address) {
        return desk;
    }
}
