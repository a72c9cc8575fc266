// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Address } from "@openzeppelin/contracts/utils/Address.sol";
import { EnumerableSet } from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import { FixedPointMathLib } from "solady/utils/FixedPointMathLib.sol";
import { LibSort } from "solady/utils/LibSort.sol";
import { SSTORE2 } from "solady/utils/SSTORE2.sol";

import { Domain } from "../base/Domain.sol";
import { IAdmission } from "../interfaces/IAdmission.sol";
import { ICommittee } from "../interfaces/ICommittee.sol";
import { ICore } from "../interfaces/ICore.sol";
import { Members } from "../libraries/Members.sol";
import { Signatures } from "../libraries/Signatures.sol";
import { CommitteeTerms, Operator, Place, Roll, Rolls } from "../types/Roll.sol";

/// @dev Who is an operator, who is on the roll, and who has a seat.
abstract contract Roster is ICommittee, Domain {
    using EnumerableSet for EnumerableSet.AddressSet;

    /// @dev A roll in the making: operators by seniority.
    struct Draft {
        address[] operators;
        uint256 size;
        /// Of those who stay, how many have a whole stake.
        uint256 whole;
        /// How many may leave of their own will or by being outbid, and how many did.
        uint256 churn;
        uint256 left;
    }

    ICore internal immutable _core;

    uint8 private immutable _seats;
    uint8 private immutable _maxRoll;
    uint8 private immutable _minRoll;
    uint96 internal immutable _minStake;
    uint96 internal immutable _penalty;
    uint96 internal immutable _bond;
    uint40 private immutable _window;
    uint40 internal immutable _judgingTime;
    uint40 internal immutable _rulingTime;
    uint40 private immutable _epochLength;
    uint40 private immutable _lease;
    uint40 private immutable _grace;
    uint40 private immutable _unbonding;
    address private immutable _admission;

    mapping(address operator => Operator info) internal _operators;
    mapping(address attester => address operator) internal _operatorOf;
    mapping(uint32 epoch => Roll roll) internal _rolls;
    EnumerableSet.AddressSet private _waiting;
    uint32 internal _epoch;
    uint40 private _rotatedAt;

    constructor(ICore core, CommitteeTerms memory terms_) {
        Rolls.check(terms_);
        _core = core;
        (_seats, _maxRoll, _minRoll) = (terms_.seats, terms_.maxRoll, terms_.minRoll);
        (_minStake, _penalty, _bond) = (terms_.minStake, terms_.penalty, terms_.bond);
        (_window, _judgingTime, _rulingTime) = (terms_.window, terms_.judgingTime, terms_.rulingTime);
        (_epochLength, _lease, _grace) = (terms_.epochLength, terms_.lease, terms_.grace);
        (_unbonding, _admission) = (terms_.unbonding, terms_.admission);
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

    // Epochs

    /// @inheritdoc ICommittee
    function rotate() external returns (uint32 epoch) {
        uint256 notBefore = rotatableAt();
        if (block.timestamp < notBefore) revert RotationTooSoon(notBefore, block.timestamp);
        Draft memory next = _remaining();
        _enter(next);
        // Later ones may be smaller, and then have no seats: nobody's stake is held for want of others.
        if (_epoch == 0 && next.size < _minRoll) revert RollTooSmall(next.size, _minRoll);
        _rotatedAt = uint40(block.timestamp);
        return _form(next, _epoch == 0 ? 0 : uint40(block.timestamp + _grace));
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
        roll = _known(epoch);
        bytes memory members = SSTORE2.read(roll.members);
        attesters = new address[](roll.size);
        for (uint256 i = 0; i < attesters.length; ++i) {
            attesters[i] = Members.get(members, i);
        }
    }

    /// @inheritdoc ICommittee
    function operatorAt(uint32 epoch, uint256 index) external view returns (address) {
        Roll memory roll = _known(epoch);
        if (index >= roll.size) return address(0);
        uint256 start = index * Members.SIZE;
        return _operatorOf[Members.get(SSTORE2.read(roll.members, start, start + Members.SIZE), 0)];
    }

    /// @inheritdoc ICommittee
    function currentEpoch() external view returns (uint32) {
        return _epoch;
    }

    /// @inheritdoc ICommittee
    function rotatableAt() public view returns (uint256) {
        return _epoch == 0 ? 0 : uint256(_rotatedAt) + _epochLength;
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
            epochLength: _epochLength,
            lease: _lease,
            grace: _grace,
            unbonding: _unbonding,
            admission: _admission
        });
    }

    // Internals: operators

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

    function _mayEnter(Operator storage info) private view returns (bool) {
        return info.stake >= _minStake && info.lease >= block.timestamp;
    }

    function _stopWaiting(address operator, Place place) private {
        _operators[operator].place = place;
        _mustChange(_waiting.remove(operator));
    }

    /// @dev An operator waits, or is on the roll, exactly if its place says so.
    function _mustChange(bool changed) private pure {
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

    function _known(uint32 epoch) internal view returns (Roll memory roll) {
        roll = _rolls[epoch];
        if (roll.members == address(0)) revert EpochUnknown(epoch);
    }

    // Internals: epochs

    /// @dev The current roll as it is.
    function _current() internal view returns (Draft memory next) {
        address[] memory before = _operatorsOf(_epoch);
        next.operators = new address[](Rolls.MAX_ROLL);
        for (uint256 i = 0; i < before.length; ++i) {
            next.operators[i] = before[i];
        }
        next.size = before.length;
    }

    /// @return found Whether it was there; those behind it move up.
    function _takeOut(Draft memory next, address operator) internal pure returns (bool found) {
        for (uint256 i = 0; i < next.size; ++i) {
            if (found) next.operators[i - 1] = next.operators[i];
            else found = next.operators[i] == operator;
        }
        if (found) --next.size;
    }

    /// @dev Who stays of the current roll, in its order.
    function _remaining() private returns (Draft memory next) {
        address[] memory before = _operatorsOf(_epoch);
        next.operators = new address[](Rolls.MAX_ROLL);
        next.churn = _epoch == 0 ? Rolls.MAX_ROLL : FixedPointMathLib.max(before.length / Rolls.CHURN, 1);
        for (uint256 i = 0; i < before.length; ++i) {
            address each = before[i];
            Operator storage info = _operators[each];
            if (info.stake < _penalty) {
                _leave(info, Place.Out);
            } else if (next.left < next.churn && (info.resigned || info.lease < block.timestamp)) {
                ++next.left;
                _leave(info, Place.Out);
            } else {
                next.operators[next.size++] = each;
                if (info.stake >= _minStake) ++next.whole;
            }
        }
    }

    /// @dev Newcomers come last: they judge before they sit.
    function _enter(Draft memory next) private {
        uint256 missing = FixedPointMathLib.zeroFloorSub(_minRoll, next.whole);
        uint256 room = FixedPointMathLib.max(next.churn, missing);
        address[] memory ranked = _ranked();
        for (uint256 i = 0; i < ranked.length && i < room; ++i) {
            if (next.size == _maxRoll && !_outbid(next, _operators[ranked[i]].stake)) return;
            _stopWaiting(ranked[i], Place.Roll);
            next.operators[next.size++] = ranked[i];
        }
    }

    /// @return done Whether the lowest stake on the roll, of equal ones the last in seniority, went back to waiting, for one that is enough
    /// higher.
    function _outbid(Draft memory next, uint256 stake) private returns (bool done) {
        uint256 place = 0;
        for (uint256 i = 1; i < next.size; ++i) {
            if (_operators[next.operators[i]].stake <= _operators[next.operators[place]].stake) place = i;
        }
        address lowest = next.operators[place];
        Operator storage info = _operators[lowest];
        // Who has no whole stake makes room for any that has.
        if (info.stake >= _minStake) {
            bool enough = stake * Rolls.OUTBID_DENOMINATOR >= uint256(info.stake) * Rolls.OUTBID_NUMERATOR;
            if (!enough || next.left == next.churn) return false;
            ++next.left;
        }
        _mustChange(_takeOut(next, lowest));
        _leave(info, Place.Waiting);
        _mustChange(_waiting.add(lowest)); // one leaves the list for it
        return true;
    }

    /// @dev Of the current roll, with the epoch that is about to end.
    function _leave(Operator storage info, Place place) internal {
        (info.place, info.lastEpoch) = (place, _epoch);
    }

    /// @return ranked Who waits and may enter, the highest stakes first; of equal ones, who stands first in the list.
    function _ranked() private view returns (address[] memory ranked) {
        address[] memory all = _waiting.values();
        uint256[] memory keys = new uint256[](all.length);
        uint256 size = 0;
        for (uint256 i = 0; i < all.length; ++i) {
            Operator storage info = _operators[all[i]];
            if (!_mayEnter(info)) continue;
            // So that an ascending order has the highest stake first, and of equal ones the first.
            keys[size++] = uint256(type(uint96).max - info.stake) << 8 | i;
        }
        // slither-disable-next-line assembly
        assembly ("memory-safe") {
            mstore(keys, size)
        }
        LibSort.insertionSort(keys);
        ranked = new address[](size);
        for (uint256 i = 0; i < size; ++i) {
            ranked[i] = all[keys[i] & 0xff];
        }
    }

    /// @dev Ends the current epoch, which may sign until then, and starts the next with these operators. Seats go by seniority to those with
    /// a whole stake; who has less comes behind, and keeps that place. With fewer seats than the least roll, which no quorum is above, none
    /// are given: no report is accepted until a rotation.
    function _form(Draft memory next, uint40 signsUntil) internal returns (uint32 epoch) {
        address[] memory roll = new address[](next.size);
        uint256 seats = 0;
        for (uint256 i = 0; i < next.size && seats < _seats; ++i) {
            Operator storage info = _operators[next.operators[i]];
            if (info.stake < _minStake) continue;
            roll[seats++] = info.attester;
            next.operators[i] = address(0);
        }
        uint256 size = seats;
        for (uint256 i = 0; i < next.size; ++i) {
            if (next.operators[i] != address(0)) roll[size++] = _operators[next.operators[i]].attester;
        }
        if (seats < _minRoll) seats = 0;

        epoch = _epoch + 1;
        if (epoch != 1) _rolls[_epoch].bondedUntil = uint40(block.timestamp + _unbonding);
        _epoch = epoch;
        address members = SSTORE2.write(_packed(roll));
        _rolls[epoch] = Roll(members, uint8(seats), uint8(size), 0);
        emit EpochFormed(epoch, uint8(seats), roll);
        _core.setEpoch(epoch, uint8(seats), uint8(size), members, signsUntil);
    }

    function _operatorsOf(uint32 epoch) private view returns (address[] memory operators) {
        Roll memory roll = _rolls[epoch];
        if (roll.size == 0) return operators;
        bytes memory members = SSTORE2.read(roll.members);
        operators = new address[](roll.size);
        for (uint256 i = 0; i < operators.length; ++i) {
            operators[i] = _operatorOf[Members.get(members, i)];
        }
    }

    function _packed(address[] memory attesters) private pure returns (bytes memory packed) {
        for (uint256 i = 0; i < attesters.length; ++i) {
            packed = bytes.concat(packed, bytes20(attesters[i]));
        }
    }
}
