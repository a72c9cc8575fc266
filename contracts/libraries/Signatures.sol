// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { SignatureChecker } from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import { ECDSA } from "solady/utils/ECDSA.sol";

/// @notice Signatures of accounts (64 bytes, EIP-2098, or 65) and of contracts (ERC-1271).
library Signatures {
    error SignatureDeadlinePassed(uint256 deadline, uint256 timestamp);
    error SignatureInvalid(address signer);

    /// Half the order of secp256k1: a larger `s` is the mirror of a valid signature (EIP-2).
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @dev ECDSA first: an account with delegated code (EIP-7702) still signs with its key.
    function check(address signer, bytes32 digest, uint256 deadline, bytes calldata signature) internal view {
        if (_isByKey(signer, digest, deadline, signature)) return;
        if (signer.code.length > 0 && SignatureChecker.isValidERC1271SignatureNow(signer, digest, signature)) return;
        revert SignatureInvalid(signer);
    }

    /// @dev For signers whose later signatures only their key can make: no contract will do.
    function checkKey(address signer, bytes32 digest, uint256 deadline, bytes calldata signature) internal view {
        if (!_isByKey(signer, digest, deadline, signature)) revert SignatureInvalid(signer);
    }

    /// @dev The zero address is what a malformed signature recovers to, so it never signed anything.
    function _isByKey(address signer, bytes32 digest, uint256 deadline, bytes calldata signature)
        private
        view
        returns (bool)
    {
        if (block.timestamp > deadline) revert SignatureDeadlinePassed(deadline, block.timestamp);
        return signer != address(0) && _recover(digest, signature) == signer;
    }

    /// @return The zero address when the signature is malformed. The library takes a high `s`; a second form of a signature shouldn't pass.
    function _recover(bytes32 digest, bytes calldata signature) private view returns (address) {
        if (signature.length != 64 && signature.length != 65) return address(0);
        uint256 s = uint256(bytes32(signature[32:64]));
        if (signature.length == 64) s &= ~uint256(1 << 255); // there the top bit is v's
        return s > HALF_ORDER ? address(0) : ECDSA.tryRecoverCalldata(digest, signature);
    }
}
