// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IAssent } from "../../../contracts/interfaces/IAssent.sol";
import { HookedToken, ITokenHook } from "./Tokens.sol";

/// @notice An account of a token that calls it (as ERC-777 does): meanwhile it calls the oracle, once.
contract Holder is ITokenHook {
    IAssent public immutable oracle;

    uint256 private _value;
    bytes private _data;

    constructor(IAssent oracle_) {
        oracle = oracle_;
    }

    receive() external payable { }

    function approve(HookedToken token) external {
        token.hook();
        token.approve(address(oracle), type(uint256).max);
    }

    /// @dev Of the next transfer.
    function plan(uint256 value, bytes memory data) external {
        (_value, _data) = (value, data);
    }

    function deposit(address currency, uint256 amount) external {
        oracle.deposit(address(this), currency, amount);
    }

    function withdraw(address currency) external returns (uint256) {
        return oracle.withdrawBalance(currency, address(this));
    }

    function onTransfer() external {
        bytes memory data = _data;
        delete _data;
        if (data.length == 0) return;
        (bool success, bytes memory reason) = address(oracle).call{ value: _value }(data);
        if (success) return;
        assembly {
            revert(add(reason, 32), mload(reason))
        }
    }
}
