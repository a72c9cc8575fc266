// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Address } from "@openzeppelin/contracts/utils/Address.sol";
import { EnumerableSet } from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import { FixedPointMathLib } from "solady/utils/FixedPointMathLib.sol";
import { SSTORE2 } from "solady/utils/SSTORE2.sol";

import { Domain } from "../base/Domain.sol";
import { IAdmission } from "../interfaces/IAdmission.sol";
import { ICommittee } from "../interfaces/ICommittee.sol";
import { ICore } from "../interfaces/ICore.sol";
import { Members } from "../libraries/Members.sol";
import { Signatures } from "../libraries/Signatures.sol";
import { CommitteeTerms, Operator, Place, Roll, Rolls } from "../types/Roll.sol";

/// @dev Who is an operator, and who waits.
abstract contract Roster is ICommittee, Domain {
    using EnumerableSet for EnumerableSet.AddressSet;

    /// @inheritdoc ICommittee
    ICore public immutable core;

    uint8 internal immutable _seats;
    uint8 internal immutable _maxRoll;
    uint8 internal immutable _minRoll;
    uint96 internal immutable _minStake;
    uint96 internal immutable _penalty;
    uint96 internal immutable _bond;
    uint40 private immutable _window;
    uint40 internal immutable _judgingTime;
    uint40 internal immutable _rulingTime;
    uint40 private immutable _start;
    uint40 internal immutable _epochLength;
    uint40 private immutable _lease;
    uint40 internal immutable _grace;
    uint40 internal immutable _unbonding;
    address private immutable _admission;

    mapping(address operator => Operator info) internal _operators;
    mapping(address attester => address operator) internal _operatorOf;
    mapping(uint32 epoch => Roll roll) internal _rolls;
    EnumerableSet.AddressSet internal _waiting;
    uint32 internal _epoch;
    uint40 internal _rotatedAt;

    constructor(ICore core_, CommitteeTerms memory terms_) {
        Rolls.check(terms_);
        core = core_;
        (_seats, _maxRoll, _minRoll) = (terms_.seats, terms_.maxRoll, terms_.minRoll);
        (_minStake, _penalty, _bond) = (terms_.minStake, terms_.penalty, terms_.bond);
        (_window, _judgingTime, _rulingTime) = (terms_.window, terms_.judgingTime, terms_.rulingTime);
        (_epochLength, _lease, _grace) = (terms_.epochLength, terms_.lease, terms_.grace);
        (_unbonding, _start, _admission) = (terms_.unbonding, terms_.start, terms_.admission);
    }

    // Join and change

    /// @inheritdoc ICommittee
    function join(
        address attester,
        bytes32 sealKey,
        string calldata endpoint,
        uint256 deadline,
        bytes calldata attesterSignature
    ) external payable {
        Operator storage info = _operators[msg.sender];
        if (info.attester != address(0)) revert OperatorExists(msg.sender);
        if (msg.value < _minStake) revert StakeTooLow(msg.value, _minStake);
        _register(attester, sealKey, endpoint, deadline, attesterSignature);
        // Stakes are ether: 2^96 wei is more than there is.
        info.stake = uint96(msg.value);
        emit OperatorJoined(msg.sender, attester, sealKey, endpoint, msg.value);
        _renew(info);
    }

    /// @inheritdoc ICommittee
    function changeKeys(
        address attester,
        bytes32 sealKey,
        string calldata endpoint,
        uint256 deadline,
        bytes calldata attesterSignature
    ) external {
        _serving(msg.sender);
        _register(attester, sealKey, endpoint, deadline, attesterSignature);
        emit OperatorChanged(msg.sender, attester, sealKey, endpoint);
    }

    /// @inheritdoc ICommittee
    function addStake(address operator) external payable {
        Operator storage info = _serving(operator);
        info.stake += uint96(msg.value);
        emit StakeAdded(operator, msg.value, info.stake);
    }

    /// @inheritdoc ICommittee
    function renew() external {
        _renew(_serving(msg.sender));
    }

    // Leave

    /// @inheritdoc ICommittee
    function resign() external {
        Operator storage info = _serving(msg.sender);
        info.resigned = true;
        if (info.place == Place.Waiting) _stopWaiting(msg.sender, Place.Out);
        emit OperatorResigned(msg.sender);
    }

    /// @inheritdoc ICommittee
    function withdrawStake() external {
        Operator storage info = _known(msg.sender);
        if (!info.resigned) revert OperatorNotResigned(msg.sender);
        if (info.place == Place.Roll) revert StillOnRoll(msg.sender);
        // A lease binds who only waited, too: with stakes lent for one transaction anyone could crowd all others out of the list.
        uint256 withdrawableAt = FixedPointMathLib.max(_rolls[info.lastEpoch].bondedUntil, uint256(info.lease) + 1);
        if (block.timestamp < withdrawableAt) revert StakeBonded(withdrawableAt, block.timestamp);
        uint256 stake = info.stake;
        delete _operators[msg.sender];
        emit StakeWithdrawn(msg.sender, stake);
        Address.sendValue(payable(msg.sender), stake);
    }

    // Views

    /// @inheritdoc ICommittee
    function operatorInfo(address operator) external view returns (Operator memory) {
        return _operators[operator];
    }

    /// @inheritdoc ICommittee
    function operatorOf(address attester) external view returns (address) {
        return _operatorOf[attester];
    }

    /// @inheritdoc ICommittee
    function waiting() external view returns (address[] memory operators) {
        return _waiting.values();
    }

    /// @inheritdoc ICommittee
    function rollOf(uint32 epoch) external view returns (Roll memory roll, address[] memory attesters) {
        Roll storage known = _known(epoch);
        return (known, _listed(known, 0));
    }

    /// @inheritdoc ICommittee
    function currentEpoch() external view returns (uint32) {
        return _epoch;
    }

    /// @inheritdoc ICommittee
    function rotatableAt() public view returns (uint256) {
        return _epoch == 0 ? _start : uint256(_rotatedAt) + _epochLength;
    }

    /// @inheritdoc ICommittee
    function terms() external view returns (CommitteeTerms memory) {
        return CommitteeTerms({
            seats: _seats,
            maxRoll: _maxRoll,
            minRoll: _minRoll,
            minStake: _minStake,
            penalty: _penalty,
            bond: _bond,
            window: _window,
            judgingTime: _judgingTime,
            rulingTime: _rulingTime,
            start: _start,
            epochLength: _epochLength,
            lease: _lease,
            grace: _grace,
            unbonding: _unbonding,
            admission: _admission
        });
    }

    // Internals

    function _register(
        address attester,
        bytes32 sealKey,
        string calldata endpoint,
        uint256 deadline,
        bytes calldata attesterSignature
    ) private {
        address taken = _operatorOf[attester];
        if (taken != address(0) && taken != msg.sender) revert AttesterTaken(attester, taken);
        bytes32 digest = _hashTypedData(Rolls.hashJoining(msg.sender, sealKey, endpoint, deadline));
        Signatures.checkKey(attester, digest, deadline, attesterSignature);
        Operator storage info = _operators[msg.sender];
        (info.attester, info.sealKey, info.endpoint) = (attester, sealKey, endpoint);
        _operatorOf[attester] = msg.sender;
    }

    /// @dev The sender's. What the admission contract does, as by burning all gas, hinders its own operators' leases alone.
    function _renew(Operator storage info) private {
        if (_admission != address(0) && !IAdmission(_admission).admits(msg.sender)) {
            revert OperatorNotAdmitted(msg.sender);
        }
        uint40 until = uint40(block.timestamp + _lease);
        info.lease = until;
        emit LeaseRenewed(msg.sender, until);
        if (info.place != Place.Out) return;
        if (info.stake < _minStake) revert StakeTooLow(info.stake, _minStake);
        _wait(info);
    }

    /// @dev The sender waits. A full list makes room for who has more at stake than the lowest on it.
    function _wait(Operator storage info) private {
        uint256 length = _waiting.length();
        if (length == Rolls.MAX_WAITING) {
            address lowest = address(0);
            uint256 stake = type(uint256).max;
            for (uint256 i = 0; i < length; ++i) {
                Operator storage each = _operators[_waiting.at(i)];
                uint256 counts = _mayEnter(each) ? each.stake : 0; // who can't enter keeps nobody out
                if (counts < stake) (lowest, stake) = (_waiting.at(i), counts);
            }
            if (info.stake <= stake) revert WaitingListFull(stake);
            _stopWaiting(lowest, Place.Out);
            emit OperatorCrowdedOut(lowest);
        }
        info.place = Place.Waiting;
        _mustChange(_waiting.add(msg.sender));
    }

    function _mayEnter(Operator storage info) internal view returns (bool) {
        return info.stake >= _minStake && info.lease >= block.timestamp;
    }

    function _stopWaiting(address operator, Place place) internal {
        _operators[operator].place = place;
        _mustChange(_waiting.remove(operator));
    }

    /// @dev An operator waits, or is on the roll, exactly if its place says so.
    function _mustChange(bool changed) internal pure {
        assert(changed);
    }

    function _serving(address operator) internal view returns (Operator storage info) {
        info = _known(operator);
        if (info.resigned) revert OperatorHasResigned(operator);
    }

    function _known(address operator) private view returns (Operator storage info) {
        info = _operators[operator];
        if (info.attester == address(0)) revert OperatorUnknown(operator);
    }

    /// @return addresses As many as there are on a roll, from the first of its members.
    function _listed(Roll storage roll, uint256 first) internal view returns (address[] memory addresses) {
        addresses = new address[](roll.size);
        if (roll.size == 0) return addresses;
        bytes memory members = SSTORE2.read(roll.members);
        for (uint256 i = 0; i < addresses.length; ++i) {
            addresses[i] = Members.get(members, first + i);
        }
    }

    function _known(uint32 epoch) internal view returns (Roll storage roll) {
        roll = _rolls[epoch];
        if (roll.members == address(0)) revert EpochUnknown(epoch);
    }
}
