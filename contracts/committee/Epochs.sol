// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { EnumerableSet } from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import { FixedPointMathLib } from "solady/utils/FixedPointMathLib.sol";
import { LibSort } from "solady/utils/LibSort.sol";
import { SSTORE2 } from "solady/utils/SSTORE2.sol";

import { ICommittee } from "../interfaces/ICommittee.sol";
import { Members } from "../libraries/Members.sol";
import { Operator, Place, Roll, Rolls } from "../types/Roll.sol";
import { Roster } from "./Roster.sol";

/// @dev Who is on the roll, and who has a seat.
abstract contract Epochs is Roster {
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

    // Internals

    /// @dev The current roll as it is.
    function _current() internal view returns (Draft memory next) {
        address[] memory before = _operatorsOf(_rolls[_epoch]);
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
        address[] memory before = _operatorsOf(_rolls[_epoch]);
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
        _leave(info, info.resigned ? Place.Out : Place.Waiting);
        if (!info.resigned) _mustChange(_waiting.add(lowest)); // one leaves the list for it
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
        address[] memory ordered = new address[](next.size);
        uint256 seats = 0;
        for (uint256 i = 0; i < next.size && seats < _seats; ++i) {
            if (_operators[next.operators[i]].stake < _minStake) continue;
            ordered[seats++] = next.operators[i];
            next.operators[i] = address(0);
        }
        uint256 size = seats;
        for (uint256 i = 0; i < next.size; ++i) {
            if (next.operators[i] != address(0)) ordered[size++] = next.operators[i];
        }
        if (seats < _minRoll) seats = 0;
        address[] memory roll = new address[](size);
        for (uint256 i = 0; i < size; ++i) {
            roll[i] = _operators[ordered[i]].attester;
        }

        epoch = _epoch + 1;
        if (epoch != 1) _rolls[_epoch].bondedUntil = uint40(block.timestamp + _unbonding);
        _epoch = epoch;
        address members = SSTORE2.write(bytes.concat(Members.pack(roll), Members.pack(ordered)));
        _rolls[epoch] = Roll(members, uint8(seats), uint8(size), 0);
        emit EpochFormed(epoch, uint8(seats), roll);
        core.setEpoch(epoch, uint8(seats), uint8(size), members, signsUntil);
    }

    function _operatorsOf(Roll storage roll) internal view returns (address[] memory operators) {
        return _listed(roll, roll.size);
    }
}
