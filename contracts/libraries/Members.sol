// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Members of an epoch and their signatures
/// @notice The members are packed in bytes, 20 each, in the order in which a bitmap of signers counts them.
library Members {
    uint256 internal constant SIZE = 20;

    /// Half the order of secp256k1: a larger `s` is the mirror of a valid signature (EIP-2).
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @dev `index` must be below `members.length / SIZE`.
    function get(bytes memory members, uint256 index) internal pure returns (address member) {
        // Solidity has no packed read from memory.
        assembly ("memory-safe") {
            member := shr(96, mload(add(add(members, 32), mul(index, 20))))
        }
    }

    /// @notice 20 bytes of each.
    function pack(address[] memory members) internal pure returns (bytes memory packed) {
        assembly ("memory-safe") {
            packed := mload(0x40)
            let place := add(packed, 32)
            for { let i := mload(members) } i { i := sub(i, 1) } {
                members := add(members, 32)
                mstore(place, shl(96, mload(members)))
                place := add(place, 20)
            }
            mstore(packed, sub(sub(place, packed), 32))
            mstore(0x40, and(add(place, 63), not(31))) // a whole word was written for the last
        }
    }

    /// @notice More than half of the members: two such sets share a member.
    function majority(uint256 size) internal pure returns (uint256) {
        unchecked {
            return size / 2 + 1; // of 64 at most
        }
    }

    /// @notice Whether each member named in the bitmap made its compact signature (EIP-2098) of the digest, in ascending order.
    /// @dev A bitmap names each member once, so nobody's signature counts twice. Assembly for 700 gas a signature, against the plain version
    /// that `Members.t.sol` holds it to. The caller checks that `signatures` has 64 bytes a signer and that all bits are of members.
    /// @return valid Whether all did; if not, `index` is the first that didn't and `recovered` whose signature stands in its place.
    function signed(bytes32 digest, uint256 signers, bytes memory members, bytes calldata signatures)
        internal
        view
        returns (bool valid, uint256 index, address recovered)
    {
        valid = true;
        assembly ("memory-safe") {
            let input := mload(0x40) // digest, v, r, s: free memory, not claimed
            let member := add(members, 32)
            let signature := signatures.offset
            mstore(input, digest)
            for { } signers { signers := shr(1, signers) } {
                if and(signers, 1) {
                    let vs := calldataload(add(signature, 32))
                    let s := shr(1, shl(1, vs))
                    mstore(add(input, 0x20), add(27, shr(255, vs)))
                    mstore(add(input, 0x40), calldataload(signature))
                    mstore(add(input, 0x60), s)
                    mstore(0, 0) // the precompile writes nothing when there is no signer
                    pop(staticcall(gas(), 1, input, 0x80, 0, 0x20))
                    recovered := mul(mload(0), iszero(gt(s, HALF_ORDER)))
                    // A member is never the zero address, so nothing recovered equals none.
                    if xor(recovered, shr(96, mload(member))) {
                        valid := 0
                        break
                    }
                    signature := add(signature, 64)
                }
                member := add(member, 20)
                index := add(index, 1)
            }
        }
    }
}
