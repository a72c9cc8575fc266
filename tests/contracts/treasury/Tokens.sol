// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ERC20 } from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice A token that does as ERC-20 says.
contract Token is ERC20("Token", "TOK") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// @notice Answers false instead of reverting, once told to fail.
contract FalseToken is Token {
    bool public failing;

    function fail() external {
        failing = true;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        return !failing && super.transfer(to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        return !failing && super.transferFrom(from, to, amount);
    }
}

/// @notice Returns nothing from its transfers, as USDT does.
contract SilentToken is Token {
    function transfer(address to, uint256 amount) public override returns (bool) {
        super.transfer(to, amount);
        assembly {
            return(0, 0)
        }
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        super.transferFrom(from, to, amount);
        assembly {
            return(0, 0)
        }
    }
}

/// @notice Takes a percentage of each transfer, or adds one.
contract TaxedToken is Token {
    uint256 public percent = 99;

    function set(uint256 percent_) external {
        percent = percent_;
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (from == address(0) || to == address(0)) return;
        if (percent < 100) super._update(to, address(0), amount - amount * percent / 100);
        else super._update(address(0), to, amount * percent / 100 - amount);
    }
}

/// @notice Takes one wei too many from who sends it, but delivers what it should.
contract GreedyToken is Token {
    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (from != address(0) && to != address(0)) super._update(from, address(0), 1);
    }
}

/// @notice Can be stopped by its issuer.
contract PausableToken is Token {
    bool public paused;

    error Paused();

    function pause(bool paused_) external {
        paused = paused_;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (paused) revert Paused();
        super._update(from, to, amount);
    }
}

interface ITokenHook {
    function onTransfer() external;
}

/// @notice Calls both sides of each transfer if they asked for it, before it moves anything from the sender and after it has: as ERC-777
/// does.
contract HookedToken is Token {
    mapping(address account => bool) public hooked;

    function hook() external {
        hooked[msg.sender] = true;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (hooked[from]) ITokenHook(from).onTransfer();
        super._update(from, to, amount);
        if (hooked[to]) ITokenHook(to).onTransfer();
    }
}
