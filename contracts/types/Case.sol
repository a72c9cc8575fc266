// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { EfficientHashLib as Hash } from "solady/utils/EfficientHashLib.sol";

import { RequestId } from "./Ids.sol";
import { Verdict } from "./Verdict.sol";

enum Phase {
    None,
    /// The bench may judge; after its time, the arbiter alone.
    Open,
    /// So the bench found; the arbiter may still rule.
    Stands,
    False,
    /// It has ended, and how, the core knows.
    Closed,
    /// It has ended as the arbiter ruled, against the bench.
    Overruled
}

/// @notice How a case ends.
enum Ending {
    /// The verdict stands.
    Upheld,
    /// It was false, and another took its place.
    Corrected,
    /// Nobody decided in time: it stays, and readers see that.
    Unjudged
}

/// @notice A challenged verdict. Two storage slots, and a third once the bench has judged while there is an arbiter.
struct Case {
    address challenger;
    /// Last second (Unix time) at which the bench may judge, if it is open; else at which the arbiter may rule.
    uint40 until;
    Phase phase;
    /// Who may rule; the zero address: nobody.
    address arbiter;
    /// Who judged, as a bitmap over the roll of the report's epoch.
    uint64 judges;
    /// Hash of the verdict that they found right.
    bytes32 found;
}

library Cases {
    /// What a judge signs about a verdict: whether it stands, and which is right. `epoch` is the report's.
    bytes32 internal constant RULING_TYPEHASH =
        keccak256("Ruling(uint32 epoch,bytes32 request,bool stands,bytes32 outcome,bytes32 score,bytes32 trail)");

    function hashRuling(uint256 epoch, RequestId request, bool stands, Verdict calldata verdict)
        internal
        pure
        returns (bytes32)
    {
        return Hash.hash(
            RULING_TYPEHASH,
            bytes32(epoch),
            RequestId.unwrap(request),
            bytes32(stands ? uint256(1) : 0),
            verdict.outcome,
            verdict.score,
            verdict.trail
        );
    }

    function hash(Verdict calldata verdict) internal pure returns (bytes32) {
        return Hash.hash(verdict.outcome, verdict.score, verdict.trail);
    }
}
