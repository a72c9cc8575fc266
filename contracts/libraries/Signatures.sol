// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ECDSA } from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import { SignatureChecker } from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @notice Signatures of accounts (64 bytes, EIP-2098, or 65) and of contracts (ERC-1271).
library Signatures {
    error SignatureDeadlinePassed(uint256 deadline, uint256 timestamp);
    error SignatureInvalid(address signer);

    /// @dev ECDSA first: an account with delegated code (EIP-7702) still signs with its key. `tryRecover` refuses a high `s`.
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

    /// @return signer The zero address when the signature is malformed.
    function _recover(bytes32 digest, bytes calldata signature) private pure returns (address signer) {
        if (signature.length == 64) {
            (signer,,) = ECDSA.tryRecover(digest, bytes32(signature[:32]), bytes32(signature[32:]));
        } else {
            (signer,,) = ECDSA.tryRecover(digest, signature);
        }
    }
}
