// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IERC1271 } from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import { ECDSA } from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import { IAssent } from "../../../contracts/interfaces/IAssent.sol";

enum Answer {
    Honest,
    Refusal,
    OldMagic,
    DirtyMagic,
    FourBytes,
    Revert,
    BurnGas,
    Flood
}

/// @notice A contract wallet (ERC-1271) with one owner, and the ways in which one answers badly.
contract Wallet is IERC1271 {
    address public immutable owner;
    Answer public answer;

    constructor(address owner_) {
        owner = owner_;
    }

    function set(Answer answer_) external {
        answer = answer_;
    }

    function isValidSignature(bytes32 hash, bytes memory signature) external view returns (bytes4) {
        if (answer == Answer.Refusal) return 0xffffffff;
        if (answer == Answer.OldMagic) return 0x20c13b0b;
        if (answer == Answer.DirtyMagic) _return(bytes32(this.isValidSignature.selector) | bytes32(uint256(1)), 32);
        if (answer == Answer.FourBytes) _return(this.isValidSignature.selector, 4);
        if (answer == Answer.Flood) _return(0, 100_000);
        require(answer != Answer.Revert, "no");
        while (answer == Answer.BurnGas) { }
        (address signer,,) = ECDSA.tryRecover(hash, signature);
        return signer == owner ? this.isValidSignature.selector : bytes4(0xffffffff);
    }

    function execute(address to, bytes calldata data) external {
        require(msg.sender == owner, "not the owner");
        (bool success,) = to.call(data);
        require(success, "call failed");
    }

    function _return(bytes32 word, uint256 length) private pure {
        assembly {
            mstore(0, word)
            return(0, length)
        }
    }
}

/// @notice An account with credits that takes its ether badly.
contract Purse {
    IAssent public immutable oracle;
    bool public open;
    bool public greedy;

    constructor(IAssent oracle_) {
        oracle = oracle_;
    }

    function set(bool open_, bool greedy_) external {
        open = open_;
        greedy = greedy_;
    }

    function withdraw(address payable to) external returns (uint256) {
        return oracle.withdrawBalance(address(0), to);
    }

    receive() external payable {
        require(open, "closed");
        if (greedy) oracle.withdrawBalance(address(0), address(this));
    }
}
