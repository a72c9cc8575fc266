// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Test } from "forge-std/Test.sol";

import { Pool, PoolSlot, Pools } from "../../../contracts/types/Pool.sol";

/// @dev The library behind a contract, so that a revert can be expected, and time goes on.
contract PoolCaller {
    function slotOf(uint32 epoch, uint64 signers, uint32 currency) external view returns (PoolSlot) {
        return Pools.slotOf(epoch, signers, currency);
    }

    function plus(PoolSlot slot, uint256 amount) external pure returns (PoolSlot) {
        return slot.plus(amount);
    }
}

contract PoolSlotTest is Test {
    PoolCaller private caller;

    function setUp() public {
        caller = new PoolCaller();
    }

    function testFuzz_SlotOf_IsUnpacked(uint32 epoch, uint64 signers, uint32 currency, uint96 earned, uint32 time)
        public
    {
        vm.warp(time);
        PoolSlot slot = caller.slotOf(epoch, signers, currency);
        _assertParts(slot, Pool(epoch, signers, currency, 0, time));
        vm.warp(0);
        _assertParts(caller.plus(slot, earned), Pool(epoch, signers, currency, earned, time));
    }

    function test_SlotOf_GivesEachPartAPlaceOfItsOwn() public {
        vm.warp(0);
        PoolSlot empty = caller.slotOf(0, 0, 0);
        _assertParts(caller.slotOf(type(uint32).max, 0, 0), Pool(type(uint32).max, 0, 0, 0, 0));
        _assertParts(caller.slotOf(0, type(uint64).max, 0), Pool(0, type(uint64).max, 0, 0, 0));
        _assertParts(caller.slotOf(0, 0, type(uint32).max), Pool(0, 0, type(uint32).max, 0, 0));
        _assertParts(caller.plus(empty, type(uint96).max), Pool(0, 0, 0, type(uint96).max, 0));
        vm.warp(type(uint32).max);
        _assertParts(caller.slotOf(0, 0, 0), Pool(0, 0, 0, 0, type(uint32).max));
    }

    /// @dev When the time has outgrown its 32 bits, it is wrong, but nothing beside it.
    function testFuzz_SlotOf_KeepsTheRest_AfterTheEndOfItsTime(uint40 time) public {
        vm.warp(time);
        _assertParts(caller.slotOf(3, 7, 1), Pool(3, 7, 1, 0, uint32(time)));
    }

    /// @dev Else a sum that runs over would change the epoch beside it, or a revert stop the other verdicts of a report.
    function testFuzz_Plus_StopsAtTheMost(uint96 before, uint256 amount) public {
        vm.warp(0);
        PoolSlot slot = caller.plus(caller.slotOf(3, 7, 1), before);
        uint256 room = type(uint96).max - before;
        amount = bound(amount, room, type(uint256).max - before);
        _assertParts(caller.plus(slot, amount), Pool(3, 7, 1, type(uint96).max, 0));
    }

    function _assertParts(PoolSlot slot, Pool memory wanted) private pure {
        assertEq(abi.encode(slot.unpack()), abi.encode(wanted), "all");
        assertEq(slot.epoch(), wanted.epoch, "epoch");
        assertEq(slot.signers(), wanted.signers, "signers");
        assertEq(slot.since(), wanted.since, "since");
    }
}
