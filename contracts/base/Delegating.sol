// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Proxy } from "@openzeppelin/contracts/proxy/Proxy.sol";

/// @dev A part that delegates what it doesn't know to the next one.
abstract contract Delegating is Proxy {
    address internal immutable _next;

    /// @notice There is no code at the next part's address: every call that it is for would succeed, and do nothing.
    error PartWithoutCode(address part);
    /// @notice Ether without a purpose: call `deposit`.
    error PlainEther();

    constructor(address next) {
        if (next.code.length == 0) revert PartWithoutCode(next);
        _next = next;
    }

    /// @dev Ether that nobody is named for would be nobody's; sent to a part's own address, lost.
    receive() external payable {
        revert PlainEther();
    }

    function _implementation() internal view override returns (address) {
        return _next;
    }
}
