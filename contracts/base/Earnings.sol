// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IVerdictOracle } from "../interfaces/IVerdictOracle.sol";
import { PoolId } from "../types/Ids.sol";
import { PoolSlot, Pools } from "../types/Pool.sol";
import { Signers } from "../types/Signers.sol";
import { State } from "./State.sol";

/// @dev What signers earn together.
abstract contract Earnings is State {
    /// @dev To the pool of these signers of an epoch, which their first fee in this currency opens.
    function _earn(Signers by, uint32 currency, uint256 amount) internal {
        if (amount == 0) return;
        PoolId id = Pools.id(by, currency);
        PoolSlot pool = _pools[id];
        if (pool.epoch() == 0) {
            pool = Pools.slotOf(by, currency);
            emit IVerdictOracle.PoolOpened(id, uint32(by.epoch()), by.bitmap(), currency);
        }
        _addTo(id, pool, amount);
    }

    /// @param pool As it is stored, or is to be from now on.
    function _addTo(PoolId id, PoolSlot pool, uint256 amount) internal {
        (PoolSlot sum, uint256 carry) = pool.plus(amount);
        _pools[id] = sum;
        if (carry != 0) _carried[id] += carry;
    }
}
