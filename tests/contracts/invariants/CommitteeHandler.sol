// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Place } from "../../../contracts/types/Roll.sol";
import { KnownOperator, Ledger } from "./Ledger.sol";

/// @notice Operators come, change keys, say that they are still there, go, come again and rotate; time passes. Who is on a roll, and in which
/// order, is told here from what docs/adr/0016 says.
abstract contract CommitteeHandler is Ledger {
    /// @dev Takes over the operators of `AssentTest`, and gives more accounts.
    function knowCommittee() internal {
        address[] memory roll = new address[](committeeSize() + reserveSize());
        for (uint256 i = 0; i < OPERATORS; ++i) {
            operators.push(KnownOperator(operatorAt(i), address(0), 0, false, false, Place.Out, 0, 0, 0));
            knowAccount(operators[i].account);
            if (i >= roll.length) continue;
            (address attester,) = attesterAt(i);
            _hasJoined(operators[i], attester, STAKE);
            (operators[i].place, roll[i]) = (Place.Roll, operators[i].account);
            committeeIn += STAKE;
        }
        rotatedAt = time();
        hasFormed(roll, 0);
    }

    function join(uint256 seed) external counted {
        KnownOperator storage known = _operatorIn(seed, false, false);
        address attester = known.attester;
        if (chance(seed, "a new one", 2) || attester == address(0)) attester = _newAttester();
        // One wei too few, now and then.
        uint256 stake = STAKE + draw(seed, "stake", 0, 1 ether);
        if (chance(seed, "too little", 16)) stake = STAKE - 1;
        bytes memory data = _joining(known.account, attester, seed, true);
        bool expected = !known.joined && stake >= STAKE;
        if (_attempt("join", known.account, stake, data, expected)) _hasJoined(known, attester, stake);
    }

    /// @dev With the attester of another, who had it first.
    function joinWithAnothersAttester(uint256 seed) external counted {
        address attester = attesters[draw(seed, "attester", 0, attesters.length - 1)];
        KnownOperator storage known = operators[draw(seed, "operator", 0, OPERATORS - 1)];
        if (firstOperatorOf[attester] == known.account) return;
        bytes memory data = _joining(known.account, attester, seed, !known.joined);
        _attempt("joinWithAnothersAttester", known.account, known.joined ? 0 : STAKE, data, false);
    }

    /// @dev To a new attester, or to the one that it has.
    function changeKeys(uint256 seed) external counted {
        KnownOperator storage known = _operatorIn(seed, true, false);
        address attester = known.attester;
        if (chance(seed, "a new one", 2) || attester == address(0)) attester = _newAttester();
        bytes memory data = _joining(known.account, attester, seed, false);
        if (!_attempt("changeKeys", known.account, 0, data, serves(known))) return;
        known.attester = attester;
        _knowAttester(attester, known.account);
    }

    function addStake(uint256 seed) external counted {
        _addStake(_operatorIn(seed, true, false), draw(seed, "amount", 0, 1 ether), anyone(seed));
    }

    function renewLease(uint256 seed) external counted {
        _renew(_operatorIn(seed, true, false));
    }

    function resign(uint256 seed) external counted {
        KnownOperator storage known = _operatorIn(seed, true, false);
        // As many as have seats are always left, or no walk would go on; most often more.
        uint256 others = serving() == 0 ? 0 : serving() - 1;
        bool few = others < committeeSize() || (others < committeeSize() + 2 && !chance(seed, "nevertheless", 8));
        if (serves(known) && few) return;
        if (!_attempt("resign", known.account, 0, abi.encodeCall(committee.resign, ()), serves(known))) return;
        known.resigned = true;
        if (known.place == Place.Waiting) known.place = Place.Out;
    }

    function withdrawStake(uint256 seed) external counted {
        KnownOperator storage known = _operatorIn(seed, true, true);
        bool left = known.resigned && known.place != Place.Roll;
        uint256 due = bondedUntil[known.lastEpoch] > known.lease ? bondedUntil[known.lastEpoch] : known.lease + 1;
        if (left && chance(seed, "patient", 6)) waitUntil(due);
        uint256 balance = known.account.balance;
        bytes memory data = abi.encodeCall(committee.withdrawStake, ());
        if (!_attempt("withdrawStake", known.account, 0, data, left && time() >= due)) return;
        if (known.account.balance - balance != known.stake) surprised("withdrawStake paid another amount");
        committeeOut += known.stake;
        stakeTakenAt[known.account] = time();
        (known.joined, known.resigned, known.stake, known.lease) = (false, false, 0, 0);
        (known.lastEpoch, known.convictedIn) = (0, 0);
    }

    function rotate(uint256 seed) external counted {
        uint256 due = rotatedAt + EPOCH_LENGTH;
        if (chance(seed, "patient", 2)) waitUntil(due);
        if (_rotate(anyone(seed), time() >= due)) recover();
    }

    /// @dev One time in sixteen long enough for agreements and leases to run out and stakes to unbond. Most operators say that they are there.
    function wait(uint256 seed) external counted {
        bool long = chance(seed, "long", 16);
        waitUntil(time() + (long ? draw(seed, "days", 1 days, 8 days) : draw(seed, "time", 1, 20 minutes)));
        for (uint256 i = 0; i < OPERATORS; ++i) {
            if (serves(operators[i]) && !chance(seed ^ i, "silent", 8)) _renew(operators[i]);
        }
    }

    // What others do with it

    /// @dev An epoch begins: seats go by the roll's order to those with a whole stake.
    function hasFormed(address[] memory next, uint256 signs) internal {
        if (epochNumber != 0) (bondedUntil[epochNumber], signsUntil[epochNumber]) = (time() + UNBONDING, signs);
        ++epochNumber;
        formedAt[epochNumber] = time();
        address[] storage roll = rollOperators[epochNumber];
        for (uint256 i = 0; i < next.length && roll.length < committeeSize(); ++i) {
            if (knownOperator(next[i]).stake < STAKE) continue;
            roll.push(next[i]);
            next[i] = address(0);
        }
        uint256 seats = roll.length;
        for (uint256 i = 0; i < next.length; ++i) {
            if (next[i] != address(0)) roll.push(next[i]);
        }
        for (uint256 i = 0; i < roll.length; ++i) {
            address attester = knownOperator(roll[i]).attester;
            rollAttesters[epochNumber].push(attester);
            if (seats >= committeeSize() && i < seats) membersAtRotation[epochNumber].push(attester);
        }
        (, address[] memory formed) = committee.rollOf(epochNumber);
        if (keccak256(abi.encode(formed)) != keccak256(abi.encode(rollAttesters[epochNumber]))) {
            surprised("another roll than the one that is to be");
        }
    }

    /// @dev Where nobody could sign any more, operators bring what is missing, and the next rotation gives seats again.
    function recover() internal {
        if (membersAtRotation[epochNumber].length != 0) return;
        ++succeeded["become too few"];
        for (uint256 i = 0; i < OPERATORS; ++i) {
            KnownOperator storage known = operators[i];
            if (!known.joined) {
                address attester = known.attester == address(0) ? _newAttester() : known.attester;
                bytes memory data = _joining(known.account, attester, i, true);
                if (_attempt("join", known.account, STAKE, data, true)) _hasJoined(known, attester, STAKE);
            }
            if (!serves(known)) continue;
            if (known.stake < STAKE) _addStake(known, STAKE - known.stake, stranger);
            _renew(known);
        }
        for (uint256 i = 0; i < OPERATORS && membersAtRotation[epochNumber].length == 0; ++i) {
            waitUntil(rotatedAt + EPOCH_LENGTH);
            _rotate(stranger, true);
        }
    }

    function knownOperator(address account) internal view returns (KnownOperator storage) {
        uint256 i = 0;
        while (operators[i].account != account) ++i;
        return operators[i];
    }

    function serving() internal view returns (uint256 count) {
        for (uint256 i = 0; i < OPERATORS; ++i) {
            if (serves(operators[i])) ++count;
        }
    }

    /// @dev At the committee.
    function _attempt(string memory action, address sender, uint256 value, bytes memory data, bool expected)
        internal
        returns (bool)
    {
        return attemptAt(action, address(committee), sender, value, data, expected);
    }

    // What a rotation makes of the roll

    function _rotate(address sender, bool expected) private returns (bool done) {
        (address[] memory next, uint256 size) = _remaining();
        (next, size) = _entered(next, size, committee.waiting());
        done = _attempt("rotate", sender, 0, abi.encodeCall(committee.rotate, ()), expected);
        if (!done) return false;
        address[] memory before = rollOperators[epochNumber];
        for (uint256 i = 0; i < before.length; ++i) {
            KnownOperator storage known = knownOperator(before[i]);
            if (_isIn(next, size, before[i])) continue;
            (known.place, known.lastEpoch) = (_outbid[before[i]] ? Place.Waiting : Place.Out, epochNumber);
            ++succeeded[_outbid[before[i]] ? "outbid" : "leave"];
            _outbid[before[i]] = false;
        }
        address[] memory roll = new address[](size);
        for (uint256 i = 0; i < size; ++i) {
            roll[i] = next[i];
            if (knownOperator(next[i]).place != Place.Roll) ++succeeded["enter"];
            knownOperator(next[i]).place = Place.Roll;
        }
        rotatedAt = time();
        hasFormed(roll, time() + EPOCH_GRACE);
    }

    mapping(address account => bool) private _outbid;
    uint256 private _left;
    uint256 private _whole;

    /// @dev Who has less than a penalty goes; of those who resigned or said nothing, an eighth of the roll, or one.
    function _remaining() private returns (address[] memory next, uint256 size) {
        address[] memory before = rollOperators[epochNumber];
        next = new address[](64);
        (_left, _whole) = (0, 0);
        for (uint256 i = 0; i < before.length; ++i) {
            KnownOperator storage known = knownOperator(before[i]);
            _outbid[before[i]] = false;
            if (known.stake < PENALTY) continue;
            if (_left < _churn() && (known.resigned || known.lease < time())) {
                ++_left;
                continue;
            }
            next[size++] = before[i];
            if (known.stake >= STAKE) ++_whole;
        }
    }

    function _churn() private view returns (uint256) {
        uint256 size = rollOperators[epochNumber].length;
        return size < 16 ? 1 : size / 8;
    }

    /// @dev The highest stakes that wait come last on the roll, one by one.
    function _entered(address[] memory next, uint256 size, address[] memory waiting)
        private
        returns (address[] memory, uint256)
    {
        uint256 least = committeeSize();
        uint256 room = _whole < least && least - _whole > _churn() ? least - _whole : _churn();
        for (uint256 k = 0; k < room; ++k) {
            uint256 best = waiting.length;
            for (uint256 i = 0; i < waiting.length; ++i) {
                if (waiting[i] == address(0)) continue;
                KnownOperator storage known = knownOperator(waiting[i]);
                if (known.place != Place.Waiting) surprised("waits, and doesn't");
                if (known.stake < STAKE || known.lease < time()) continue;
                if (best == waiting.length || known.stake > knownOperator(waiting[best]).stake) best = i;
            }
            if (best == waiting.length) break;
            if (size == MAX_ROLL) {
                uint256 lowest = _lowest(next, size);
                if (!_gives(next[lowest], knownOperator(waiting[best]).stake)) break;
                _outbid[next[lowest]] = !knownOperator(next[lowest]).resigned; // who resigned doesn't wait
                for (uint256 i = lowest; i + 1 < size; ++i) {
                    next[i] = next[i + 1];
                }
                --size;
            }
            next[size++] = waiting[best];
            waiting[best] = address(0);
        }
        return (next, size);
    }

    /// @return place The lowest stake's; of equal ones the last.
    function _lowest(address[] memory next, uint256 size) private view returns (uint256 place) {
        for (uint256 i = 1; i < size; ++i) {
            if (knownOperator(next[i]).stake <= knownOperator(next[place]).stake) place = i;
        }
    }

    /// @dev To any whole stake, if it has none itself; else to a quarter more, and as one of the eighth.
    function _gives(address lowest, uint256 stake) private returns (bool) {
        uint256 own = knownOperator(lowest).stake;
        if (own < STAKE) return true;
        if (4 * stake < 5 * own || _left == _churn()) return false;
        ++_left;
        return true;
    }

    function _isIn(address[] memory list, uint256 size, address account) private pure returns (bool) {
        for (uint256 i = 0; i < size; ++i) {
            if (list[i] == account) return true;
        }
        return false;
    }

    // Operators

    function _addStake(KnownOperator storage known, uint256 amount, address sender) private {
        bytes memory data = abi.encodeCall(committee.addStake, (known.account));
        if (_attempt("addStake", sender, amount, data, serves(known))) known.stake += amount;
    }

    function _renew(KnownOperator storage known) private {
        bool expected = serves(known) && (known.place != Place.Out || known.stake >= STAKE);
        if (!_attempt("renewLease", known.account, 0, abi.encodeCall(committee.renew, ()), expected)) return;
        known.lease = time() + committee.terms().lease;
        if (known.place == Place.Out) known.place = Place.Waiting;
    }

    /// @dev Most often the first from a random place on that has joined, or resigned, or neither.
    function _operatorIn(uint256 seed, bool joined, bool resigned) private view returns (KnownOperator storage known) {
        uint256 first = draw(seed, "operator", 0, OPERATORS - 1);
        for (uint256 i = 0; i < OPERATORS && !chance(seed, "any operator", 8); ++i) {
            known = operators[(first + i) % OPERATORS];
            if (known.joined == joined && known.resigned == resigned) return known;
        }
        return operators[first];
    }

    function _newAttester() private returns (address attester) {
        uint256 key;
        (attester, key) = attesterAt(100 + attesters.length + 1000 * steps);
        keyOf[attester] = key;
    }

    /// @return The call that joins, or changes keys, signed by the attester.
    function _joining(address account, address attester, uint256 seed, bool anew) private view returns (bytes memory) {
        bytes32 sealKey = bytes32(seed);
        string memory endpoint = "https://o.example";
        bytes32 structHash = hasher.joining(account, sealKey, endpoint, time());
        bytes32 separator = domainSeparator(block.chainid, address(committee));
        bytes memory signature = signFor(separator, keyOf[attester], structHash);
        return anew
            ? abi.encodeCall(committee.join, (attester, sealKey, endpoint, time(), signature))
            : abi.encodeCall(committee.changeKeys, (attester, sealKey, endpoint, time(), signature));
    }

    function _hasJoined(KnownOperator storage known, address attester, uint256 stake) private {
        (known.joined, known.attester, known.stake) = (true, attester, stake);
        (known.place, known.lease) = (Place.Waiting, time() + committee.terms().lease);
        _knowAttester(attester, known.account);
    }

    function _knowAttester(address attester, address account) private {
        if (firstOperatorOf[attester] != address(0)) return;
        firstOperatorOf[attester] = account;
        attesters.push(attester);
    }
}
