// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Operators } from "../../../contracts/types/Operator.sol";
import { KnownOperator, Ledger } from "./Ledger.sol";

/// @notice Operators come, go, come again and rotate; time passes.
abstract contract CommitteeHandler is Ledger {
    /// @dev Takes over the four operators of `AssentTest`, and gives six more accounts.
    function knowCommittee() internal {
        for (uint256 i = 0; i < OPERATORS; ++i) {
            operators.push(KnownOperator(operatorAt(i), address(0), 0, 0));
            if (i >= committeeSize()) continue;
            (address attester,) = attesterAt(i);
            _hasJoined(i, attester);
            paidIn += STAKE;
        }
        _hasRotated();
    }

    function join(uint256 seed, bool sameAttester) external counted {
        uint256 i = _operatorIn(seed, false, false);
        KnownOperator storage known = operators[i];
        address attester = known.attester;
        if (!sameAttester || attester == address(0)) {
            uint256 key;
            (attester, key) = attesterAt(100 + steps);
            keyOf[attester] = key;
        }
        uint256 stake = STAKE + draw(seed, "stake", 0, 1 ether);
        bytes memory signature = sign(keyOf[attester], Operators.hashJoining(known.account, bytes32(seed), time()));
        bytes memory data =
            abi.encodeCall(assent.join, (attester, bytes32(seed), "https://o.example", time(), signature));
        if (!attempt("join", known.account, stake, data, known.stake == 0)) return;
        _hasJoined(i, attester);
        known.stake = stake;
    }

    /// @dev With the attester of another, who had it first.
    function joinWithAnothersAttester(uint256 seed) external counted {
        address attester = attesters[draw(seed, "attester", 0, attesters.length - 1)];
        address account = operators[draw(seed, "operator", 0, OPERATORS - 1)].account;
        if (firstOperatorOf[attester] == account) return;
        bytes memory signature = sign(keyOf[attester], Operators.hashJoining(account, bytes32(seed), time()));
        bytes memory data =
            abi.encodeCall(assent.join, (attester, bytes32(seed), "https://o.example", time(), signature));
        attempt("joinWithAnothersAttester", account, STAKE, data, false);
    }

    function resign(uint256 seed) external counted {
        // A committee too small to rotate is one state among many.
        if (candidates() <= committeeSize() && seed % 8 != 0) return;
        KnownOperator storage known = operators[_operatorIn(seed, true, false)];
        bool expected = known.stake != 0 && known.leftAt == 0;
        if (!attempt("resign", known.account, 0, abi.encodeCall(assent.resign, ()), expected)) return;
        known.leftAt = time();
        membershipChanged = true;
    }

    function withdrawStake(uint256 seed) external counted {
        KnownOperator storage known = operators[_operatorIn(seed, true, true)];
        if (seed % 3 == 0) _waitUntil(known.leftAt + UNBONDING);
        bool expected = known.leftAt != 0 && time() >= known.leftAt + UNBONDING && !isMember(known.attester);
        uint256 balance = known.account.balance;
        if (!attempt("withdrawStake", known.account, 0, abi.encodeCall(assent.withdrawStake, ()), expected)) return;
        paidOut += known.account.balance - balance;
        known.stake = 0;
        known.leftAt = 0;
    }

    function rotate(address sender, bool patient) external counted {
        if (patient) _waitUntil(assent.currentEpoch().since + EPOCH_LENGTH);
        bool expected = membershipChanged && time() >= assent.currentEpoch().since + EPOCH_LENGTH;
        expected = expected && candidates() >= committeeSize();
        if (!attempt("rotate", sender, 0, abi.encodeCall(assent.rotate, ()), expected)) return;
        _hasRotated();
    }

    /// @dev One time in eight long enough for agreements to run out and stakes to unbond.
    function wait(uint256 seed) external counted {
        vm.warp(time() + (seed % 8 == 0 ? draw(seed, "days", 1 days, 8 days) : draw(seed, "time", 1, 40 minutes)));
    }

    function candidates() public view returns (uint256 count) {
        for (uint256 i = 0; i < OPERATORS; ++i) {
            if (operators[i].stake != 0 && operators[i].leftAt == 0) ++count;
        }
    }

    function _waitUntil(uint256 when) private {
        if (when > time()) vm.warp(when);
    }

    /// @dev Seven times in eight the first from a random place on that has joined, or left, or neither.
    function _operatorIn(uint256 seed, bool joined, bool left) private view returns (uint256 place) {
        uint256 first = draw(seed, "operator", 0, OPERATORS - 1);
        for (uint256 i = 0; i < OPERATORS && seed % 8 != 1; ++i) {
            place = (first + i) % OPERATORS;
            KnownOperator storage known = operators[place];
            if ((known.stake != 0) == joined && (known.leftAt != 0) == left) return place;
        }
        return first;
    }

    function _hasJoined(uint256 i, address attester) private {
        operators[i].attester = attester;
        operators[i].stake = STAKE;
        membershipChanged = true;
        if (firstOperatorOf[attester] != address(0)) return;
        firstOperatorOf[attester] = operators[i].account;
        attesters.push(attester);
    }

    function _hasRotated() private {
        membershipChanged = false;
        uint32 number = assent.currentEpoch().number;
        membersAtRotation[number] = assent.membersOf(number);
        bool complete = membersAtRotation[number].length == candidates();
        for (uint256 i = 0; i < OPERATORS; ++i) {
            KnownOperator storage known = operators[i];
            bool wanted = known.stake != 0 && known.leftAt == 0;
            if (isMember(known.attester) != wanted && known.attester != address(0)) complete = false;
        }
        if (!complete) surprise = "rotate made others members than those who joined and did not leave";
    }
}
