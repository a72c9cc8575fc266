// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Request } from "./Verdict.sol";

/// @notice Who signed, in one word: in the low 64 bits a bitmap over the roll of an epoch, above it the epoch's number (32); the rest is zero.
type Signers is uint256;

using SignersLib for Signers global;

library SignersLib {
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

/// @notice The answer to one request, in three words, each as it is or as a commitment to it: the question says which.
struct Verdict {
    bytes32 outcome;
    bytes32 score;
    bytes32 trail;
}

/// @notice A verdict as it was recorded, and who signed it.
struct Recording {
    Request request;
    Verdict verdict;
    Signers by;
}
