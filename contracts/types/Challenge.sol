// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Agreements, Terms } from "./Agreement.sol";
import { RequestId, SourceId } from "./Ids.sol";
import { Request, Verdict, Verdicts } from "./Verdict.sol";

/// @notice Terms of challenges, fixed at construction.
struct ChallengeTerms {
    /// For how long after a verdict it may be challenged, in seconds.
    uint40 window;
    /// How long the committee has to answer, in seconds.
    uint40 reviewTime;
    /// What a challenger puts down, in wei.
    uint96 bond;
    /// What a slashed operator loses for one request, in wei.
    uint96 penalty;
}

/// @notice A challenged verdict. The first verdict's outcome and score stay for `punish`.
struct Challenge {
    address challenger;
    uint96 bond;
    /// Last second for a review (Unix time).
    uint40 until;
    uint8 outcome;
    uint24 score;
    /// Corrected, and no honest operator could have signed the first verdict.
    bool faulty;
}

/// @notice A request, named by what its id is made of.
struct Reference {
    SourceId source;
    address controller;
    Terms terms;
    uint32 use;
}

/// @notice One operator's signature over a report with a verdict in it.
struct Testimony {
    Request request;
    Verdict verdict;
    /// From the verdict's leaf to the report's root; empty for a report of one.
    bytes32[] proof;
    uint32 epoch;
    uint32 count;
    /// EIP-2098.
    bytes signature;
}

library Challenges {
    /// What a quorum signs about a challenged verdict.
    bytes32 internal constant REVIEW_TYPEHASH =
        keccak256("Review(uint32 epoch,bytes32 request,uint8 outcome,uint32 score,bytes32 trail)");

    function id(Reference calldata named) internal pure returns (RequestId) {
        return Verdicts.id(Agreements.id(named.source, named.controller, Agreements.termsId(named.terms)), named.use);
    }

    function hashReview(uint256 epoch, RequestId request, Verdict calldata verdict) internal pure returns (bytes32) {
        return keccak256(abi.encode(REVIEW_TYPEHASH, epoch, request, verdict.outcome, verdict.score, verdict.trail));
    }
}
