// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Test } from "forge-std/Test.sol";

import { Pool, PoolSlot, Pools } from "../../../contracts/types/Pool.sol";
import { Signers, SignersLib } from "../../../contracts/types/Signers.sol";

/// @dev The library behind a contract, so that time goes on.
contract PoolCaller {
    function slotOf(uint32 epoch, uint64 signers, uint32 currency) external view returns (PoolSlot) {
        return Pools.slotOf(SignersLib.pack(epoch, signers), currency);
    }
}

contract PoolSlotTest is Test {
    /// The last second for which there is room.
    uint40 private constant END = (1 << 39) - 1;

    PoolCaller private caller;

    function setUp() public {
        caller = new PoolCaller();
    }

    function testFuzz_SlotOf_IsUnpacked(uint32 epoch, uint64 signers, uint24 currency, uint96 earned, uint40 time)
        public
    {
        time = uint40(bound(time, 0, END));
        vm.warp(time);
        PoolSlot slot = caller.slotOf(epoch, signers, currency);
        _assertParts(slot, Pool(epoch, signers, currency, 0, time));
        vm.warp(0);
        _assertParts(_plus(slot, earned, 0), Pool(epoch, signers, currency, earned, time));
    }

    function test_SlotOf_GivesEachPartAPlaceOfItsOwn() public {
        vm.warp(0);
        PoolSlot empty = caller.slotOf(0, 0, 0);
        _assertParts(caller.slotOf(type(uint32).max, 0, 0), Pool(type(uint32).max, 0, 0, 0, 0));
        _assertParts(caller.slotOf(0, type(uint64).max, 0), Pool(0, type(uint64).max, 0, 0, 0));
        _assertParts(caller.slotOf(0, 0, Pools.MAX_CURRENCY), Pool(0, 0, Pools.MAX_CURRENCY, 0, 0));
        _assertParts(_plus(empty, type(uint96).max, 0), Pool(0, 0, 0, type(uint96).max, 0));
        vm.warp(END);
        _assertParts(caller.slotOf(0, 0, 0), Pool(0, 0, 0, 0, END));
    }

    /// @dev It once had 32 bits, and would have ended then.
    function test_SlotOf_GoesOnAfter2106() public {
        vm.warp(uint256(type(uint32).max) + 1);
        _assertParts(caller.slotOf(3, 7, 1), Pool(3, 7, 1, 0, 1 << 32));
    }

    function testFuzz_Plus_LosesNothing(uint96 before, uint248 amount) public {
        vm.warp(END);
        PoolSlot slot = _plus(caller.slotOf(3, 7, 1), before, 0);
        uint256 sum = uint256(before) + amount;
        (PoolSlot after_, uint256 carry) = slot.plus(amount);
        assertEq(carry, sum >> 96, "carry");
        assertEq(after_.carries(), carry != 0, "mark");
        assertEq(abi.encode(after_.unpack(carry)), abi.encode(Pool(3, 7, 1, sum, END)), "all");
    }

    /// @dev The mark stays when the next sum fits.
    function testFuzz_Plus_KeepsItsMark(uint96 first, uint96 second) public {
        PoolSlot slot = _plus(_plus(caller.slotOf(3, 7, 1), type(uint96).max, 0), uint256(first) + 1, 1);
        (PoolSlot after_, uint256 carry) = slot.plus(second);
        assertTrue(after_.carries(), "mark");
        assertEq(after_.unpack(1 + carry).earned, (1 << 96) + uint256(first) + second, "earned");
    }

    function _plus(PoolSlot slot, uint256 amount, uint256 wanted) private pure returns (PoolSlot sum) {
        uint256 carry;
        (sum, carry) = slot.plus(amount);
        assertEq(carry, wanted, "carry");
    }

    function _assertParts(PoolSlot slot, Pool memory wanted) private pure {
        assertEq(abi.encode(slot.unpack(0)), abi.encode(wanted), "all");
        assertEq(slot.epoch(), wanted.epoch, "epoch");
        assertEq(slot.signers(), wanted.signers, "signers");
        assertEq(Signers.unwrap(slot.by()), uint256(wanted.epoch) << 64 | wanted.signers, "by");
        assertEq(slot.since(), wanted.since, "since");
        assertFalse(slot.carries(), "carries");
    }
}
