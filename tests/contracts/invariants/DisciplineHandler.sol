// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Policies } from "../../../contracts/libraries/Policies.sol";
import { Operators, Policy } from "../../../contracts/types/Operator.sol";
import { Attestation } from "../../../contracts/types/Verdict.sol";
import { CommitteeHandler } from "./CommitteeHandler.sol";
import { KnownOperator } from "./Ledger.sol";

/// @notice What a supermajority of the committee decides about itself: jail, and other terms.
abstract contract DisciplineHandler is CommitteeHandler {
    function jail(uint256 seed) external counted {
        // As with resignations: not every time down to the least.
        if (candidates() <= policy.minMembers && !chance(seed, "nevertheless", 4)) return;
        KnownOperator storage known = _operatorIn(seed, true, false);
        uint256 until = time() + draw(seed, "deadline", 0, 2 hours);
        bytes32 jailing = Operators.hashJailing(epochNumber, known.account, until);
        (Attestation memory signed, bool enough) = _decided(seed, jailing);
        bool expected = enough && isCandidate(known) && candidates() > policy.minMembers && !carriedOut[jailing];
        bytes memory data = abi.encodeCall(assent.jail, (known.account, until, signed));
        if (!attempt("jail", relayer, 0, data, expected)) return;
        carriedOut[jailing] = true;
        (known.out, known.jailedUntil, known.lastEpoch) = (true, time() + policy.epochLength, epochNumber);
        membershipChanged = true;
    }

    function release(uint256 seed) external counted {
        KnownOperator storage known = operators[draw(seed, "operator", 0, OPERATORS - 1)];
        for (uint256 i = 0; i < OPERATORS && !chance(seed, "any", 8); ++i) {
            if (operators[i].out && serves(operators[i])) known = operators[i];
        }
        if (chance(seed, "patient", 4)) waitUntil(known.jailedUntil);
        bool expected = serves(known) && known.out && time() >= known.jailedUntil && known.stake >= policy.minStake;
        if (!attempt("release", anyone(seed), 0, abi.encodeCall(assent.release, (known.account)), expected)) return;
        (known.out, known.jailedUntil) = (false, 0);
        membershipChanged = true;
    }

    function schedulePolicy(uint256 seed) external counted {
        Policy memory wanted = Policy({
            minStake: uint96(draw(seed, "stake", PENALTY - 0.01 ether, 2 * STAKE)),
            minMembers: uint16(draw(seed, "members", 1, 6)),
            unbondingTime: uint40(draw(seed, "unbonding", 9 days, 20 days)),
            epochLength: uint40(draw(seed, "length", 30 minutes, 2 hours)),
            epochGrace: uint32(draw(seed, "grace", 0, 1 hours))
        });
        bytes32 amendment = hasher.amendment(epochNumber, wanted, time());
        (Attestation memory signed, bool enough) = _decided(seed, amendment);
        bool expected = enough && wanted.minStake >= PENALTY && wanted.minMembers >= 2 && !carriedOut[amendment];
        uint256 bonded = wanted.epochGrace + Policies.MAX_CLAIM + 2 * (CHALLENGE_WINDOW + REVIEW_TIME) + 1;
        expected = expected && wanted.unbondingTime > bonded;
        bytes memory data = abi.encodeCall(assent.schedulePolicy, (wanted, time(), signed));
        if (!attempt("schedulePolicy", relayer, 0, data, expected)) return;
        carriedOut[amendment] = true;
        (nextPolicy, nextPolicyAt) = (wanted, time() + policy.unbondingTime);
    }

    function applyPolicy(uint256 seed) external counted {
        if (chance(seed, "patient", 4)) waitUntil(nextPolicyAt);
        uint256 size = membersAtRotation[epochNumber].length;
        bool expected = nextPolicyAt != 0 && time() >= nextPolicyAt;
        expected = expected && nextPolicy.minMembers >= largestQuorum && nextPolicy.minMembers <= size;
        if (!attempt("applyPolicy", anyone(seed), 0, abi.encodeCall(assent.applyPolicy, ()), expected)) return;
        (policy, nextPolicyAt) = (nextPolicy, 0);
    }

    /// @dev A supermajority signs, or more, or now and then one too few.
    function _decided(uint256 seed, bytes32 structHash) private view returns (Attestation memory signed, bool enough) {
        uint256 size = membersAtRotation[epochNumber].length;
        uint256 wanted = size * 2 / 3 + 1;
        uint256 given = chance(seed, "too few", 8) ? wanted - 1 : draw(seed, "signers", wanted, size);
        return (attestReport(epochNumber, structHash, signersOf(seed, size, given)), given >= wanted);
    }
}
