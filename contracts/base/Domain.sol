// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { EIP712 } from "solady/utils/EIP712.sol";

/// @dev The domain of all that is signed: no signature is good on another chain or for another contract. All parts have the same, for
/// under delegatecall `address(this)` is Assent's.
abstract contract Domain is EIP712 {
    function _domainNameAndVersion() internal pure override returns (string memory name, string memory version) {
        return ("Assent", "1");
    }
}
