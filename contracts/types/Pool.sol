// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { EfficientHashLib as Hash } from "solady/utils/EfficientHashLib.sol";

import { PoolId } from "./Ids.sol";
import { Signers } from "./Signers.sol";

/// @notice What one set of signers earned together: by its reports in one epoch, or by one anchored root.
struct Pool {
    uint32 epoch;
    uint64 signers;
    /// Index of the currency; 0 is ether.
    uint32 currency;
    uint256 earned;
    /// When it came to be (Unix time): for a root, when it was anchored.
    uint40 since;
}

/// @dev A `Pool` in one storage slot, but for what doesn't fit. From the low end: earned (96 bits), signers (64), epoch (32), currency (24),
/// since (39), and whether more was earned than has room: then `State` has how many times 2^96.
type PoolSlot is uint256;

using Pools for PoolSlot global;

library Pools {
    /// The largest index of a currency that a pool has room for.
    uint32 internal constant MAX_CURRENCY = type(uint24).max;

    uint256 private constant CARRIES = 1 << 255;
    /// The kinds of pools: an id's top byte, so that none of one kind is one of another, whatever a quorum signs.
    uint256 private constant OF_SIGNERS = 1 << 248;
    uint256 private constant OF_ROOT = 2 << 248;

    /// @param by_ Of an epoch that there was: no bit beyond its 96.
    /// @param currency_ At most `MAX_CURRENCY`.
    function slotOf(Signers by_, uint32 currency_) internal view returns (PoolSlot) {
        return PoolSlot.wrap(Signers.unwrap(by_) << 96 | uint256(currency_) << 192 | block.timestamp << 216);
    }

    /// @param carried How many times 2^96 was earned beside what the slot has.
    function unpack(PoolSlot slot, uint256 carried) internal pure returns (Pool memory) {
        uint256 word = PoolSlot.unwrap(slot);
        return Pool({
            epoch: slot.epoch(),
            signers: slot.signers(),
            currency: uint24(word >> 192),
            earned: carried << 96 | uint96(word),
            since: uint40(slot.since())
        });
    }

    function epoch(PoolSlot slot) internal pure returns (uint32) {
        return uint32(PoolSlot.unwrap(slot) >> 160);
    }

    function signers(PoolSlot slot) internal pure returns (uint64) {
        return uint64(PoolSlot.unwrap(slot) >> 96);
    }

    function by(PoolSlot slot) internal pure returns (Signers) {
        return Signers.wrap(uint96(PoolSlot.unwrap(slot) >> 96));
    }

    function since(PoolSlot slot) internal pure returns (uint256) {
        return PoolSlot.unwrap(slot) << 1 >> 217;
    }

    function carries(PoolSlot slot) internal pure returns (bool) {
        return PoolSlot.unwrap(slot) & CARRIES != 0;
    }

    /// @dev All the ether that there is has 87 bits, but tokens may be in far smaller units.
    /// @param amount Below 2^255.
    /// @return The pool with what fits of the sum.
    /// @return carry How many times 2^96 is to be kept elsewhere.
    function plus(PoolSlot slot, uint256 amount) internal pure returns (PoolSlot, uint256 carry) {
        uint256 word = PoolSlot.unwrap(slot);
        unchecked {
            uint256 sum = uint96(word) + amount;
            carry = sum >> 96;
            word = word >> 96 << 96 | uint96(sum);
        }
        return (PoolSlot.wrap(carry == 0 ? word : word | CARRIES), carry);
    }

    /// @notice The pool of the reports that these signers had recorded. No hash: its parts have room.
    /// @param by_ As in `slotOf`.
    function id(Signers by_, uint32 currency) internal pure returns (PoolId) {
        return PoolId.wrap(bytes32(OF_SIGNERS | uint256(currency) << 96 | Signers.unwrap(by_)));
    }

    /// @notice The pool of the claims under an anchored root, by requests of this currency and quorum.
    function id(bytes32 root, uint32 currency, uint8 quorum) internal pure returns (PoolId) {
        bytes32 hash = Hash.hash(root, bytes32(uint256(currency)), bytes32(uint256(quorum)));
        return PoolId.wrap(bytes32(OF_ROOT | uint256(hash) >> 8));
    }
}
