// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IERC1271 } from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import { Address } from "@openzeppelin/contracts/utils/Address.sol";
import { ECDSA } from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import { IAssent } from "../../../contracts/interfaces/IAssent.sol";
import { IVerdictReceiver } from "../../../contracts/interfaces/IVerdictReceiver.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { RequestState } from "../../../contracts/types/Verdict.sol";

/// @notice How a receiver takes a verdict.
enum Mood {
    Content,
    Reverting,
    /// Uses up all the gas that it is given.
    Burning,
    /// Challenges the verdict while it is delivered: calls back into the contract.
    Contrary
}

/// @notice A controller that is a contract wallet and is called with its verdicts.
contract Receiver is IVerdictReceiver, IERC1271 {
    IAssent public immutable oracle;
    address public immutable owner;
    address public immutable committee;
    uint256 public immutable bond;
    Mood public mood;
    mapping(RequestId id => uint256 times) public heard;
    mapping(RequestId id => uint256 times) public heardFinally;
    /// The calls by which it challenges what it is told of.
    mapping(RequestId id => bytes data) private _challenges;

    error Unwilling();

    constructor(IAssent oracle_, address committee_, address owner_, uint256 bond_) {
        (oracle, committee, owner, bond) = (oracle_, committee_, owner_, bond_);
    }

    receive() external payable { }

    function set(Mood mood_) external {
        mood = mood_;
    }

    function prepare(RequestId id, bytes calldata challenge) external {
        _challenges[id] = challenge;
    }

    /// @inheritdoc IVerdictReceiver
    function onVerdict(RequestId id, RequestState, uint8, uint32) external {
        _take(id);
    }

    /// @inheritdoc IVerdictReceiver
    function onSealed(RequestId id, RequestState) external {
        _take(id);
    }

    /// @inheritdoc IVerdictReceiver
    function onFinal(RequestId id, RequestState) external {
        if (msg.sender != address(oracle) || mood == Mood.Reverting) revert Unwilling();
        ++heardFinally[id];
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        (address signer,,) = ECDSA.tryRecover(hash, bytes32(signature[:32]), bytes32(signature[32:]));
        return signer == owner ? this.isValidSignature.selector : bytes4(0xffffffff);
    }

    function _take(RequestId id) private {
        if (msg.sender != address(oracle) || mood == Mood.Reverting) revert Unwilling();
        if (mood == Mood.Burning) {
            assembly {
                invalid()
            }
        }
        if (mood == Mood.Contrary) Address.functionCallWithValue(committee, _challenges[id], bond);
        ++heard[id];
    }
}
