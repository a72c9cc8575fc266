// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Address } from "@openzeppelin/contracts/utils/Address.sol";
import { EnumerableSet } from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import { SSTORE2 } from "solady/utils/SSTORE2.sol";

import { IArbiter } from "../interfaces/IArbiter.sol";
import { IOperatorSet } from "../interfaces/IOperatorSet.sol";
import { Members } from "../libraries/Members.sol";
import { Policies } from "../libraries/Policies.sol";
import { Signatures } from "../libraries/Signatures.sol";
import { Epoch, EpochEnd, Operator, Operators, Policy } from "../types/Operator.sol";
import { Attestation } from "../types/Verdict.sol";
import { Candidates } from "./Candidates.sol";
import { EpochViews } from "./EpochViews.sol";

/// @dev What operators do.
abstract contract OperatorSet is IOperatorSet, EpochViews, Candidates {
    using EnumerableSet for EnumerableSet.AddressSet;

    // Join and change

    /// @inheritdoc IOperatorSet
    function join(
        address attester,
        bytes32 sealKey,
        string calldata endpoint,
        uint256 deadline,
        bytes calldata attesterSignature
    ) external payable {
        if (_operators[msg.sender].attester != address(0)) revert OperatorExists(msg.sender);
        if (msg.value < _policy.minStake) revert StakeTooLow(msg.value, _policy.minStake);
        _register(attester, sealKey, endpoint, deadline, attesterSignature);
        // Stakes are ether: 2^96 wei is more than there is.
        _operators[msg.sender].stake = uint96(msg.value);
        _addCandidate(msg.sender);
        emit OperatorJoined(msg.sender, attester, sealKey, endpoint, msg.value);
    }

    /// @inheritdoc IOperatorSet
    function changeKeys(
        address attester,
        bytes32 sealKey,
        string calldata endpoint,
        uint256 deadline,
        bytes calldata attesterSignature
    ) external {
        Operator storage operator = _serving(msg.sender);
        if (attester != operator.attester && _candidates.contains(msg.sender)) _membershipChanged = true;
        _register(attester, sealKey, endpoint, deadline, attesterSignature);
        emit OperatorChanged(msg.sender, attester, sealKey, endpoint);
    }

    /// @inheritdoc IOperatorSet
    function addStake(address operator) external payable {
        Operator storage info = _serving(operator);
        info.stake += uint96(msg.value);
        emit StakeAdded(operator, msg.value, info.stake);
    }

    // Leave

    /// @inheritdoc IOperatorSet
    function resign() external {
        Operator storage operator = _serving(msg.sender);
        operator.resigned = true;
        _removeCandidate(msg.sender);
        emit OperatorResigned(msg.sender, operator.lastEpoch);
    }

    /// @inheritdoc IOperatorSet
    function withdrawStake() external {
        Operator storage operator = _known(msg.sender);
        if (!operator.resigned) revert OperatorNotResigned(msg.sender);
        uint32 lastEpoch = operator.lastEpoch;
        // The last report that it may have signed is of its last epoch, so the time runs from the end of that.
        // Before the first epoch nobody signed anything.
        if (_epoch.number <= lastEpoch && _epoch.number != 0) revert StillMember(msg.sender, lastEpoch);
        uint256 withdrawableAt = _epochEnds[lastEpoch].bondedUntil;
        if (block.timestamp < withdrawableAt) revert StakeBonded(withdrawableAt, block.timestamp);
        uint256 stake = operator.stake;
        delete _operators[msg.sender];
        emit StakeWithdrawn(msg.sender, stake);
        Address.sendValue(payable(msg.sender), stake);
    }

    // Jail

    /// @inheritdoc IOperatorSet
    function jail(address operator, uint256 deadline, Attestation calldata attestation) external {
        Operator storage info = _serving(operator);
        _checkSupermajority(attestation, deadline, Operators.hashJailing(attestation.by.epoch(), operator, deadline));
        if (!_candidates.contains(operator)) revert OperatorIsJailed(operator, info.jailedUntil);
        uint256 left = _candidates.length() - 1;
        if (left < _policy.minMembers) revert CommitteeTooSmall(left, _policy.minMembers);
        info.jailedUntil = uint40(block.timestamp + _policy.epochLength);
        _removeCandidate(operator);
        emit OperatorJailed(operator, info.jailedUntil);
    }

    /// @inheritdoc IOperatorSet
    function release(address operator) external {
        Operator storage info = _serving(operator);
        if (_candidates.contains(operator)) revert OperatorNotOut(operator);
        if (block.timestamp < info.jailedUntil) revert OperatorIsJailed(operator, info.jailedUntil);
        if (info.stake < _policy.minStake) revert StakeTooLow(info.stake, _policy.minStake);
        info.jailedUntil = 0;
        _addCandidate(operator);
        emit OperatorReleased(operator);
    }

    // Epochs

    /// @inheritdoc IOperatorSet
    function rotate() external returns (uint32 number) {
        // Without these two, anyone could make signed reports stale by rotating in each block.
        if (!_membershipChanged) revert MembershipUnchanged();
        uint256 notBefore = _epoch.number == 0 ? 0 : _epoch.since + _policy.epochLength;
        if (block.timestamp < notBefore) revert RotationTooSoon(notBefore, block.timestamp);
        uint256 size = _candidates.length();
        if (size < _policy.minMembers) revert CommitteeTooSmall(size, _policy.minMembers);

        address[] memory attesters = new address[](size);
        // slither-disable-next-line uninitialized-local
        bytes memory blob; // nothing yet
        for (uint256 i = 0; i < size; ++i) {
            attesters[i] = _operators[_candidates.at(i)].attester;
            blob = bytes.concat(blob, bytes20(attesters[i]));
        }
        _end(_epoch.number);
        number = _epoch.number + 1;
        _epoch = Epoch(number, uint8(size), uint8(size), uint40(block.timestamp), SSTORE2.write(blob));
        _epochs[number] = _epoch;
        _membershipChanged = false;
        emit EpochRotated(number, attesters);
    }

    // Policy

    /// @inheritdoc IOperatorSet
    function schedulePolicy(Policy calldata policy, uint256 deadline, Attestation calldata attestation) external {
        _checkSupermajority(attestation, deadline, Operators.hashAmendment(attestation.by.epoch(), policy, deadline));
        Policies.check(policy, IArbiter(address(this)).challengeTerms());
        _nextPolicy = policy;
        _nextPolicyNotBefore = uint40(block.timestamp + _policy.unbondingTime);
        emit PolicyScheduled(policy, _nextPolicyNotBefore);
    }

    /// @inheritdoc IOperatorSet
    function applyPolicy() external {
        uint256 notBefore = _nextPolicyNotBefore;
        if (notBefore == 0) revert NoPolicyScheduled();
        if (block.timestamp < notBefore) revert PolicyNotDue(notBefore, block.timestamp);
        Policy memory policy = _nextPolicy;
        // Every published quorum stays within reach of the smallest committee, and the committee that there is isn't smaller.
        if (policy.minMembers < _largestQuorum) revert CommitteeTooSmall(policy.minMembers, _largestQuorum);
        if (policy.minMembers > _epoch.seats) revert CommitteeTooSmall(_epoch.seats, policy.minMembers);
        _policy = policy;
        delete _nextPolicy;
        _nextPolicyNotBefore = 0;
        emit PolicyChanged(policy);
    }

    // Views

    /// @inheritdoc IOperatorSet
    function operatorOf(address attester) external view returns (address) {
        return _operatorOf[attester];
    }

    /// @inheritdoc IOperatorSet
    function operatorInfo(address operator) external view returns (Operator memory) {
        return _operators[operator];
    }

    /// @inheritdoc IOperatorSet
    function currentPolicy() external view returns (Policy memory) {
        return _policy;
    }

    /// @inheritdoc IOperatorSet
    function scheduledPolicy() external view returns (Policy memory policy, uint40 notBefore) {
        return (_nextPolicy, _nextPolicyNotBefore);
    }

    // Internals

    /// @return The operator behind a member of any epoch.
    function _operatorAt(uint32 epoch, uint256 index) internal view virtual returns (address) {
        return _operatorOf[Members.get(_seated(_epochs[epoch]), index)];
    }

    function _register(
        address attester,
        bytes32 sealKey,
        string calldata endpoint,
        uint256 deadline,
        bytes calldata attesterSignature
    ) private {
        address taken = _operatorOf[attester];
        if (taken != address(0) && taken != msg.sender) revert AttesterTaken(attester, taken);
        bytes32 digest = _hashTypedData(Operators.hashJoining(msg.sender, sealKey, endpoint, deadline));
        Signatures.checkKey(attester, digest, deadline, attesterSignature);
        Operator storage info = _operators[msg.sender];
        (info.attester, info.sealKey, info.endpoint) = (attester, sealKey, endpoint);
        _operatorOf[attester] = msg.sender;
    }

    /// @dev By the policy of now, for good: a longer grace would let members sign who have taken their stakes back since, and a shorter
    /// unbonding time would pay stakes back before the reports of a longer grace are beyond challenge.
    function _end(uint32 epoch) private {
        unchecked {
            _epochEnds[epoch] = EpochEnd({
                signsUntil: uint40(block.timestamp + _policy.epochGrace),
                bondedUntil: uint40(block.timestamp + _policy.unbondingTime) // times of a policy are bounded (`Policies`)
            });
        }
    }

    /// @dev A decision is carried out once: else anyone could repeat it until its deadline.
    function _checkSupermajority(Attestation calldata attestation, uint256 deadline, bytes32 structHash) private {
        if (block.timestamp > deadline) revert Signatures.SignatureDeadlinePassed(deadline, block.timestamp);
        if (_spent[structHash]) revert DecisionSpent(structHash);
        _spent[structHash] = true;
        bytes memory members = _membersFor(attestation.by.epoch());
        _checkCommittee(attestation, members, Operators.supermajority(members.length / Members.SIZE), structHash);
    }

    function _serving(address operator) private view returns (Operator storage info) {
        info = _known(operator);
        if (info.resigned) revert OperatorHasResigned(operator);
    }

    function _known(address operator) private view returns (Operator storage info) {
        info = _operators[operator];
        if (info.attester == address(0)) revert OperatorUnknown(operator);
    }
}
