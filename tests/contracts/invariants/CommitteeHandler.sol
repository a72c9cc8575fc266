// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { KnownOperator, Ledger } from "./Ledger.sol";

/// @notice Operators come, change keys, go, come again and rotate; time passes.
abstract contract CommitteeHandler is Ledger {
    /// @dev Takes over the four operators of `AssentTest`, and gives six more accounts.
    function knowCommittee() internal {
        policy = defaultPolicy(committeeSize());
        for (uint256 i = 0; i < OPERATORS; ++i) {
            operators.push(KnownOperator(operatorAt(i), address(0), 0, false, false, false, 0, 0));
            knowAccount(operators[i].account);
            if (i >= committeeSize()) continue;
            (address attester,) = attesterAt(i);
            _hasJoined(operators[i], attester, STAKE);
            paidIn[0] += STAKE;
        }
        _hasRotated();
    }

    function join(uint256 seed) external counted {
        KnownOperator storage known = _operatorIn(seed, false, false);
        address attester = known.attester;
        if (chance(seed, "a new one", 2) || attester == address(0)) attester = _newAttester();
        // One wei too few, now and then.
        uint256 stake = policy.minStake + draw(seed, "stake", 0, 1 ether);
        if (chance(seed, "too little", 16)) stake = policy.minStake - 1;
        bytes memory data = _joining(known.account, attester, seed, true);
        bool expected = !known.joined && stake >= policy.minStake;
        if (attempt("join", known.account, stake, data, expected)) _hasJoined(known, attester, stake);
    }

    /// @dev With the attester of another, who had it first.
    function joinWithAnothersAttester(uint256 seed) external counted {
        address attester = attesters[draw(seed, "attester", 0, attesters.length - 1)];
        KnownOperator storage known = operators[draw(seed, "operator", 0, OPERATORS - 1)];
        if (firstOperatorOf[attester] == known.account) return;
        bytes memory data = _joining(known.account, attester, seed, !known.joined);
        attempt("joinWithAnothersAttester", known.account, known.joined ? 0 : policy.minStake, data, false);
    }

    /// @dev To a new attester, or to the one that it has.
    function changeKeys(uint256 seed) external counted {
        KnownOperator storage known = _operatorIn(seed, true, false);
        address attester = known.attester;
        if (chance(seed, "a new one", 2) || attester == address(0)) attester = _newAttester();
        bytes memory data = _joining(known.account, attester, seed, false);
        if (!attempt("changeKeys", known.account, 0, data, serves(known))) return;
        if (attester != known.attester && !known.out) membershipChanged = true;
        known.attester = attester;
        _knowAttester(attester, known.account);
    }

    function addStake(uint256 seed) external counted {
        KnownOperator storage known = _operatorIn(seed, true, false);
        uint256 amount = draw(seed, "amount", 0, 1 ether);
        bytes memory data = abi.encodeCall(assent.addStake, (known.account));
        if (attempt("addStake", anyone(seed), amount, data, serves(known))) known.stake += amount;
    }

    function resign(uint256 seed) external counted {
        // A committee too small to rotate is one state among many.
        if (candidates() <= policy.minMembers && !chance(seed, "nevertheless", 8)) return;
        KnownOperator storage known = _operatorIn(seed, true, false);
        if (!attempt("resign", known.account, 0, abi.encodeCall(assent.resign, ()), serves(known))) return;
        known.resigned = true;
        if (!known.out) (known.lastEpoch, membershipChanged) = (epochNumber, true);
    }

    function withdrawStake(uint256 seed) external counted {
        KnownOperator storage known = _operatorIn(seed, true, true);
        bool rotated = known.resigned && known.lastEpoch < epochNumber;
        uint256 due = bondedUntil[known.lastEpoch];
        if (rotated && chance(seed, "patient", 6)) waitUntil(due);
        uint256 balance = known.account.balance;
        bytes memory data = abi.encodeCall(assent.withdrawStake, ());
        if (!attempt("withdrawStake", known.account, 0, data, rotated && time() >= due)) return;
        if (known.account.balance - balance != known.stake) surprised("withdrawStake paid another amount");
        paidOut[0] += known.stake;
        (known.joined, known.resigned, known.out) = (false, false, false);
        (known.stake, known.jailedUntil, known.lastEpoch) = (0, 0, 0);
    }

    function rotate(uint256 seed) external counted {
        uint256 due = rotatedAt[epochNumber] + policy.epochLength;
        if (membershipChanged && chance(seed, "patient", 3)) waitUntil(due);
        bool expected = membershipChanged && time() >= due && candidates() >= policy.minMembers;
        if (attempt("rotate", anyone(seed), 0, abi.encodeCall(assent.rotate, ()), expected)) _hasRotated();
    }

    /// @dev One time in sixteen long enough for agreements to run out and stakes to unbond.
    function wait(uint256 seed) external counted {
        bool long = chance(seed, "long", 16);
        waitUntil(time() + (long ? draw(seed, "days", 1 days, 8 days) : draw(seed, "time", 1, 20 minutes)));
    }

    /// @dev Most often the first from a random place on that has joined, or resigned, or neither.
    function _operatorIn(uint256 seed, bool joined, bool resigned) internal view returns (KnownOperator storage known) {
        uint256 first = draw(seed, "operator", 0, OPERATORS - 1);
        for (uint256 i = 0; i < OPERATORS && !chance(seed, "any operator", 8); ++i) {
            known = operators[(first + i) % OPERATORS];
            if (known.joined == joined && known.resigned == resigned) return known;
        }
        return operators[first];
    }

    function knownOperator(address account) internal view returns (KnownOperator storage) {
        uint256 i = 0;
        while (operators[i].account != account) ++i;
        return operators[i];
    }

    function _newAttester() private returns (address attester) {
        uint256 key;
        (attester, key) = attesterAt(100 + steps);
        keyOf[attester] = key;
    }

    /// @return The call that joins, or changes keys, signed by the attester.
    function _joining(address account, address attester, uint256 seed, bool anew) private view returns (bytes memory) {
        bytes32 sealKey = bytes32(seed);
        string memory endpoint = "https://o.example";
        bytes memory signature = sign(keyOf[attester], hasher.joining(account, sealKey, endpoint, time()));
        return anew
            ? abi.encodeCall(assent.join, (attester, sealKey, endpoint, time(), signature))
            : abi.encodeCall(assent.changeKeys, (attester, sealKey, endpoint, time(), signature));
    }

    function _hasJoined(KnownOperator storage known, address attester, uint256 stake) private {
        (known.joined, known.attester, known.stake) = (true, attester, stake);
        membershipChanged = true;
        _knowAttester(attester, known.account);
    }

    function _knowAttester(address attester, address account) private {
        if (firstOperatorOf[attester] != address(0)) return;
        firstOperatorOf[attester] = account;
        attesters.push(attester);
    }

    function _hasRotated() private {
        membershipChanged = false;
        (signsUntil[epochNumber], bondedUntil[epochNumber]) =
        (time() + policy.epochGrace, time() + policy.unbondingTime);
        ++epochNumber;
        rotatedAt[epochNumber] = time();
        membersAtRotation[epochNumber] = assent.membersOf(epochNumber);
        bool complete = membersAtRotation[epochNumber].length == candidates();
        for (uint256 i = 0; i < OPERATORS; ++i) {
            KnownOperator storage known = operators[i];
            if (isCandidate(known) && !isMember(known.attester, epochNumber)) complete = false;
        }
        if (!complete) surprised("rotate made others members than those who are to be");
    }
}
