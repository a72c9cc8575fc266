// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Delegating } from "./base/Delegating.sol";
import { OperatorSet } from "./base/OperatorSet.sol";
import { Treasury } from "./base/Treasury.sol";

/// @title The part of Assent for operators and balances
/// @dev Runs in `Assent`'s storage, by delegatecall, as `AssentDesk` does, to which it passes on what it doesn't know.
contract AssentRegistries is OperatorSet, Treasury, Delegating {
    constructor(address desk_) Delegating(desk_) { }

    function _operatorAt(uint32 epoch, uint256 index) internal view override(OperatorSet, Treasury) returns (address) {
        return OperatorSet._operatorAt(epoch, index);
    }

    function desk() external view returns (address) {
        return _next;
    }
}
