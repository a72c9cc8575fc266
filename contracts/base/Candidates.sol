// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { EnumerableSet } from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";

import { LibBit } from "solady/utils/LibBit.sol";

import { IOperatorSet } from "../interfaces/IOperatorSet.sol";
import { IVerdictOracle } from "../interfaces/IVerdictOracle.sol";
import { Policies } from "../libraries/Policies.sol";
import { Operator } from "../types/Operator.sol";
import { Attestation } from "../types/Verdict.sol";
import { Quorum } from "./Quorum.sol";

/// @dev Who will be in the next epoch.
abstract contract Candidates is Quorum {
    using EnumerableSet for EnumerableSet.AddressSet;

    /// @dev Takes what it can of a penalty. Who falls below the least stake is out of the set until somebody adds to it.
    function _takeStake(address operator, uint256 penalty) internal returns (uint256 taken) {
        Operator storage info = _operators[operator];
        taken = penalty < info.stake ? penalty : info.stake;
        info.stake -= uint96(taken);
        if (info.stake < _policy.minStake) _removeCandidate(operator);
    }

    /// @dev At least `wanted` members of a recent epoch signed the struct hash.
    function _checkCommittee(Attestation calldata attestation, bytes memory members, uint256 wanted, bytes32 structHash)
        internal
        view
    {
        uint64 signers = attestation.by.bitmap();
        uint256 given = LibBit.popCount(signers);
        if (given < wanted) revert IVerdictOracle.QuorumMismatch(given, wanted);
        _checkSignatures(signers, given, attestation.signatures, members, structHash);
    }

    function _addCandidate(address operator) internal {
        if (_candidates.length() == Policies.MAX_MEMBERS) revert IOperatorSet.CommitteeFull(Policies.MAX_MEMBERS);
        // slither-disable-next-line unused-return
        _candidates.add(operator); // it isn't in: callers have seen to that
        _membershipChanged = true;
    }

    /// @dev Who is out already, as the jailed are, had its last epoch then.
    function _removeCandidate(address operator) internal {
        if (!_candidates.remove(operator)) return;
        _operators[operator].lastEpoch = _epoch.number;
        _membershipChanged = true;
    }
}
