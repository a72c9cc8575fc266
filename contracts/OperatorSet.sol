// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Address } from "@openzeppelin/contracts/utils/Address.sol";
import { EIP712 } from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import { EnumerableSet } from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import { SSTORE2 } from "solady/utils/SSTORE2.sol";

import { IOperatorSet } from "./interfaces/IOperatorSet.sol";
import { Signatures } from "./libraries/Signatures.sol";
import { Epoch, Operator, Operators } from "./types/Operator.sol";

/// @notice Terms of the operator set, fixed at construction.
struct OperatorPolicy {
    uint96 minStake;
    uint16 minMembers;
    uint40 unbondingTime;
    uint40 epochLength;
}

abstract contract OperatorSet is IOperatorSet, EIP712 {
    using EnumerableSet for EnumerableSet.AddressSet;

    /// A bitmap of signers has 256 bits; 64 keep a rotation far below any block's gas limit.
    uint256 internal constant MAX_MEMBERS = 64;

    /// @inheritdoc IOperatorSet
    uint256 public immutable minStake;
    /// @inheritdoc IOperatorSet
    uint256 public immutable minMembers;
    /// @inheritdoc IOperatorSet
    uint256 public immutable unbondingTime;
    /// @inheritdoc IOperatorSet
    uint256 public immutable epochLength;

    mapping(address operator => Operator info) private _operators;
    mapping(address attester => address operator) private _operatorOf;
    EnumerableSet.AddressSet private _candidates;
    Epoch private _epoch;
    mapping(uint32 epoch => address members) private _members;
    bool private _membershipChanged;

    constructor(OperatorPolicy memory policy) {
        if (policy.minMembers == 0 || policy.minMembers > MAX_MEMBERS) {
            revert CommitteeTooSmall(policy.minMembers, 1);
        }
        minStake = policy.minStake;
        minMembers = policy.minMembers;
        unbondingTime = policy.unbondingTime;
        epochLength = policy.epochLength;
    }

    // Join and leave

    /// @inheritdoc IOperatorSet
    function join(
        address attester,
        bytes32 sealKey,
        string calldata endpoint,
        uint256 deadline,
        bytes calldata attesterSignature
    ) external payable {
        if (msg.value < minStake) revert StakeTooLow(msg.value, minStake);
        if (_operators[msg.sender].attester != address(0)) revert OperatorExists(msg.sender);
        address taken = _operatorOf[attester];
        if (taken != address(0) && taken != msg.sender) revert AttesterTaken(attester, taken);
        if (_candidates.length() == MAX_MEMBERS) revert CommitteeFull(MAX_MEMBERS);
        bytes32 digest = _hashTypedDataV4(Operators.hashJoining(msg.sender, sealKey, deadline));
        Signatures.checkKey(attester, digest, deadline, attesterSignature);

        // Stakes are ether: 2^96 wei is more than there is.
        _operators[msg.sender] = Operator(attester, uint96(msg.value), 0, sealKey, endpoint);
        _operatorOf[attester] = msg.sender;
        _candidates.add(msg.sender);
        _membershipChanged = true;
        emit OperatorJoined(msg.sender, attester, sealKey, endpoint, msg.value);
    }

    /// @inheritdoc IOperatorSet
    function resign() external {
        Operator storage operator = _known(msg.sender);
        if (operator.leftAt != 0) revert OperatorHasLeft(msg.sender);
        operator.leftAt = uint40(block.timestamp);
        _candidates.remove(msg.sender);
        _membershipChanged = true;
        emit OperatorLeft(msg.sender, block.timestamp + unbondingTime);
    }

    /// @inheritdoc IOperatorSet
    function withdrawStake() external {
        Operator storage operator = _known(msg.sender);
        if (operator.leftAt == 0) revert OperatorNotLeft(msg.sender);
        uint256 withdrawableAt = operator.leftAt + unbondingTime;
        if (block.timestamp < withdrawableAt) revert StakeBonded(withdrawableAt, block.timestamp);
        if (_isMember(operator.attester)) revert StillMember(msg.sender, _epoch.number);
        uint256 stake = operator.stake;
        delete _operators[msg.sender];
        emit StakeWithdrawn(msg.sender, stake);
        Address.sendValue(payable(msg.sender), stake);
    }

    // Epochs

    /// @inheritdoc IOperatorSet
    function rotate() external returns (uint32 number) {
        // Without these two, anyone could make every signed report stale by rotating in each block.
        if (!_membershipChanged) revert MembershipUnchanged();
        uint256 notBefore = _epoch.number == 0 ? 0 : _epoch.since + epochLength;
        if (block.timestamp < notBefore) revert RotationTooSoon(notBefore, block.timestamp);
        uint256 size = _candidates.length();
        if (size < minMembers) revert CommitteeTooSmall(size, minMembers);

        address[] memory attesters = new address[](size);
        bytes memory blob;
        for (uint256 i = 0; i < size; ++i) {
            attesters[i] = _operators[_candidates.at(i)].attester;
            blob = bytes.concat(blob, bytes20(attesters[i]));
        }
        number = _epoch.number + 1;
        address members = SSTORE2.write(blob);
        _epoch = Epoch(number, uint16(size), uint40(block.timestamp), members);
        _members[number] = members;
        _membershipChanged = false;
        emit EpochRotated(number, attesters);
    }

    // Views

    /// @inheritdoc IOperatorSet
    function currentEpoch() external view returns (Epoch memory) {
        return _epoch;
    }

    /// @inheritdoc IOperatorSet
    function membersOf(uint32 epoch) external view returns (address[] memory attesters) {
        bytes memory blob = _blobOf(epoch);
        attesters = new address[](blob.length / 20);
        for (uint256 i = 0; i < attesters.length; ++i) {
            attesters[i] = _memberAt(blob, i);
        }
    }

    /// @inheritdoc IOperatorSet
    function operatorOf(address attester) external view returns (address) {
        return _operatorOf[attester];
    }

    /// @inheritdoc IOperatorSet
    function operatorInfo(address operator) external view returns (Operator memory) {
        return _operators[operator];
    }

    // Internals

    /// @dev One cold slot and one cold account: what a quorum check needs of the current epoch.
    function _committee() internal view returns (uint32 number, bytes memory blob) {
        Epoch memory epoch = _epoch;
        number = epoch.number;
        if (number == 0) revert EpochUnknown(0);
        blob = SSTORE2.read(epoch.members);
    }

    /// @return The operator behind a member of any epoch; the zero address if there is no such member.
    function _operatorAt(uint32 epoch, uint256 index) internal view returns (address) {
        bytes memory blob = _blobOf(epoch);
        return index < blob.length / 20 ? _operatorOf[_memberAt(blob, index)] : address(0);
    }

    /// @dev `index` must be below `blob.length / 20`.
    function _memberAt(bytes memory blob, uint256 index) internal pure returns (address member) {
        // The blob is packed, 20 bytes a member, and Solidity has no packed read from memory.
        assembly ("memory-safe") {
            member := shr(96, mload(add(add(blob, 32), mul(index, 20))))
        }
    }

    function _blobOf(uint32 epoch) private view returns (bytes memory) {
        address members = _members[epoch];
        if (members == address(0)) revert EpochUnknown(epoch);
        return SSTORE2.read(members);
    }

    function _isMember(address attester) private view returns (bool) {
        if (_epoch.number == 0) return false;
        (, bytes memory blob) = _committee();
        for (uint256 i = 0; i < blob.length / 20; ++i) {
            if (_memberAt(blob, i) == attester) return true;
        }
        return false;
    }

    function _known(address operator) private view returns (Operator storage info) {
        info = _operators[operator];
        if (info.attester == address(0)) revert OperatorUnknown(operator);
    }
}
