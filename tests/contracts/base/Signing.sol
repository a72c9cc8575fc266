// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { MessageHashUtils } from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import { Test } from "forge-std/Test.sol";

/// @notice Makes every signature of the tests, good and bad.
abstract contract Signing is Test {
    /// Order of secp256k1.
    uint256 internal constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    uint256 internal constant V_BIT = 1 << 255;

    /// The keys of those who joined as operators.
    mapping(address attester => uint256 key) internal keyOf;

    function domainSeparator(uint256 chainId, address verifying) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Assent"),
                keccak256("1"),
                chainId,
                verifying
            )
        );
    }

    /// @return The compact (EIP-2098) signature.
    function signFor(bytes32 separator, uint256 key, bytes32 structHash) internal pure returns (bytes memory) {
        (bytes32 r, bytes32 vs) = vm.signCompact(key, MessageHashUtils.toTypedDataHash(separator, structHash));
        return abi.encodePacked(r, vs);
    }

    function signAsMembers(address[] memory members, uint256 signers, bytes32 separator, bytes32 structHash)
        internal
        view
        returns (bytes memory signatures)
    {
        for (uint256 i = 0; i < members.length; ++i) {
            if ((signers >> i) & 1 == 0) continue;
            signatures = bytes.concat(signatures, signFor(separator, keyOf[members[i]], structHash));
        }
    }

    /// @return The same signature in 65 bytes: r, s, v.
    function expand(bytes memory compact) internal pure returns (bytes memory) {
        (bytes32 r, uint256 vs) = abi.decode(compact, (bytes32, uint256));
        return abi.encodePacked(r, vs & ~V_BIT, uint8(27 + (vs >> 255)));
    }

    /// @return The other signature that plain `ecrecover` takes for this one: s mirrored, v flipped, in 65 bytes.
    function malleate(bytes memory compact) internal pure returns (bytes memory) {
        (bytes32 r, uint256 vs) = abi.decode(compact, (bytes32, uint256));
        return abi.encodePacked(r, ORDER - (vs & ~V_BIT), uint8(28 - (vs >> 255)));
    }

    /// @return The nearest to it in 64 bytes, where the top bit of s is v's.
    function malleateCompact(bytes memory compact) internal pure returns (bytes memory) {
        (bytes32 r, uint256 vs) = abi.decode(compact, (bytes32, uint256));
        return abi.encodePacked(r, ((ORDER - (vs & ~V_BIT)) & ~V_BIT) | (~vs & V_BIT));
    }

    function flipV(bytes memory compact) internal pure returns (bytes memory) {
        (bytes32 r, uint256 vs) = abi.decode(compact, (bytes32, uint256));
        return abi.encodePacked(r, vs ^ V_BIT);
    }

    /// @return part The part of `whole` from `start` to before `end`.
    function slice(bytes memory whole, uint256 start, uint256 end) internal pure returns (bytes memory part) {
        part = new bytes(end - start);
        for (uint256 i = 0; i < part.length; ++i) {
            part[i] = whole[start + i];
        }
    }
}
