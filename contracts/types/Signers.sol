// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice Who signed, in one word: in the low 64 bits a bitmap over the members of an epoch, above it the epoch's number (32); the rest is
/// zero.
/// @dev What is compared with an epoch's number is all that is above the bitmap, so no other bit is ever let pass.
type Signers is uint256;

using SignersLib for Signers global;

library SignersLib {
    uint256 internal constant BITS = 96;

    function pack(uint32 epoch_, uint64 bitmap_) internal pure returns (Signers) {
        return Signers.wrap(uint256(epoch_) << 64 | bitmap_);
    }

    /// @dev Whatever is above the bitmap: of no epoch, if it is beyond 32 bits.
    function epoch(Signers by) internal pure returns (uint256) {
        return Signers.unwrap(by) >> 64;
    }

    function bitmap(Signers by) internal pure returns (uint64) {
        return uint64(Signers.unwrap(by));
    }
}
