// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ERC20 } from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice A token for the client's tests.
contract Coin is ERC20 {
    constructor(address owner, uint256 supply) ERC20("Coin", "COIN") {
        _mint(owner, supply);
    }
}
