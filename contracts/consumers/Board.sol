// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Address } from "@openzeppelin/contracts/utils/Address.sol";

/// @title The example of an arbiter: a board that acts by several of its members
/// @notice A model names it, and it rules on challenged verdicts where the committee's bench doesn't. Each call of its is made once, when so
/// many members agreed to just that. Its members are fixed.
contract Board {
    /// @notice How many members must agree.
    uint256 public immutable quorum;

    mapping(address account => bool) public isMember;
    /// How many agreed to a call; `type(uint256).max` once it was made.
    mapping(bytes32 call => uint256 count) private _agreed;
    mapping(bytes32 call => mapping(address member => bool)) private _has;

    event Agreed(address indexed member, address indexed to, bytes data, uint256 count);

    error BoardMalformed();
    error NotMember(address sender);
    error AgreedBefore(address member);
    error CallMade(address to);

    constructor(address[] memory members, uint256 quorum_) {
        if (quorum_ == 0 || quorum_ > members.length) revert BoardMalformed();
        quorum = quorum_;
        for (uint256 i = 0; i < members.length; ++i) {
            if (members[i] == address(0) || isMember[members[i]]) revert BoardMalformed();
            isMember[members[i]] = true;
        }
    }

    /// @notice Agrees to a call, and makes it if enough have. A call that reverts can be tried again, by the last to agree.
    function agree(address to, bytes calldata data) external {
        if (!isMember[msg.sender]) revert NotMember(msg.sender);
        bytes32 id = keccak256(abi.encode(to, data));
        if (_agreed[id] == type(uint256).max) revert CallMade(to);
        if (_has[id][msg.sender]) revert AgreedBefore(msg.sender);
        _has[id][msg.sender] = true;
        uint256 count = ++_agreed[id];
        emit Agreed(msg.sender, to, data, count);
        if (count < quorum) return;
        _agreed[id] = type(uint256).max;
        Address.functionCall(to, data);
    }
}
