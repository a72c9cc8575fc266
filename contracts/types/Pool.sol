// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { EfficientHashLib as Hash } from "solady/utils/EfficientHashLib.sol";

import { PoolId } from "./Ids.sol";

/// @notice What one set of signers earned together: by its reports in one epoch, or by one anchored root.
struct Pool {
    uint32 epoch;
    uint64 signers;
    /// Index of the currency; 0 is ether.
    uint32 currency;
    uint96 earned;
    /// When it came to be (Unix time): for a root, when it was anchored.
    uint32 since;
}

/// @dev A `Pool` in one storage slot. From the low end: earned (96 bits), epoch (32), signers (64), currency (32), since (32).
type PoolSlot is uint256;

using Pools for PoolSlot global;

library Pools {
    function slotOf(uint32 epoch_, uint64 signers_, uint32 currency_) internal view returns (PoolSlot) {
        return PoolSlot.wrap(
            uint256(epoch_) << 96 | uint256(signers_) << 128 | uint256(currency_) << 192 | block.timestamp << 224
        );
    }

    function unpack(PoolSlot slot) internal pure returns (Pool memory) {
        uint256 word = PoolSlot.unwrap(slot);
        return Pool(slot.epoch(), slot.signers(), uint32(word >> 192), uint96(word), uint32(word >> 224));
    }

    function epoch(PoolSlot slot) internal pure returns (uint32) {
        return uint32(PoolSlot.unwrap(slot) >> 96);
    }

    function signers(PoolSlot slot) internal pure returns (uint64) {
        return uint64(PoolSlot.unwrap(slot) >> 128);
    }

    function since(PoolSlot slot) internal pure returns (uint256) {
        return PoolSlot.unwrap(slot) >> 224;
    }

    /// @dev All the ether that there is has 87 bits. A token in which the sum would run over is worth nothing: what is above the most is lost to
    /// its signers, rather than that a revert stops the other verdicts of a report.
    function plus(PoolSlot slot, uint256 amount) internal pure returns (PoolSlot) {
        uint256 word = PoolSlot.unwrap(slot);
        unchecked {
            bool fits = (uint96(word) + amount) >> 96 == 0;
            return PoolSlot.wrap(fits ? word + amount : word | type(uint96).max);
        }
    }

    /// @notice The pool of the reports that these signers had recorded.
    function id(uint32 epoch_, uint64 signers_, uint32 currency) internal pure returns (PoolId) {
        return PoolId.wrap(Hash.hash(bytes32(uint256(epoch_)), bytes32(uint256(signers_)), bytes32(uint256(currency))));
    }

    /// @notice The pool of the claims under an anchored root, by requests of this currency and quorum. The root stands where an epoch does
    /// above: neither can be taken for the other, for no root is that small.
    function id(bytes32 root, uint32 currency, uint8 quorum) internal pure returns (PoolId) {
        return PoolId.wrap(Hash.hash(root, bytes32(uint256(currency)), bytes32(uint256(quorum))));
    }
}
