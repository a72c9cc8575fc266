// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { AgreementId, RequestId } from "./Ids.sol";

/// @notice A controller's question, with the terms that held when it was asked. Record and model are the agreement's, fixed by its id.
struct Request {
    AgreementId agreement;
    /// Which of the agreement's uses it takes.
    uint32 use;
    address controller;
    /// DPV purpose (bit position) and processing step.
    uint8 purpose;
    uint8 step;
    /// Last second at which a verdict may be recorded (Unix time).
    uint40 deadline;
    /// In escrow, in wei.
    uint96 fee;
    uint8 quorum;
    uint8 outcomeCount;
}

/// @notice The answer to one request.
struct Verdict {
    uint8 outcome;
    /// Parts per million.
    uint32 score;
    /// Digest of the trail.
    bytes32 trail;
}

/// @notice A quorum's signatures over a report.
struct Attestation {
    uint32 epoch;
    /// Bit i: the epoch's member i signed.
    uint256 signers;
    /// EIP-2098 signatures (r, vs), 64 bytes each, in ascending order of member.
    bytes signatures;
}

enum RequestState {
    None,
    Requested,
    Recorded,
    Refused,
    Expired
}

/// @notice What the chain knows of a request.
/// @dev The last 22 bytes of the trail's digest don't fit the slot; the `Recorded` event has it whole.
struct RequestStatus {
    RequestState state;
    uint8 outcome;
    uint24 score;
    uint40 since;
    bytes22 trail;
}

library Verdicts {
    bytes32 internal constant REQUEST_TYPEHASH = keccak256(
        "Request(bytes32 agreement,uint32 use,address controller,uint8 purpose,uint8 step,"
        "uint40 deadline,uint96 fee,uint8 quorum,uint8 outcomeCount)"
    );
    bytes32 internal constant REPORT_TYPEHASH = keccak256("Report(uint32 epoch,uint32 count,bytes32 root)");

    uint32 internal constant MAX_SCORE = 1_000_000;

    /// @dev A use of an agreement has one request, for ever: that makes a use impossible to take twice, without a counter.
    function id(AgreementId agreement, uint32 use) internal pure returns (RequestId) {
        return RequestId.wrap(keccak256(abi.encode(agreement, use)));
    }

    /// @dev Equals `keccak256(abi.encode(REQUEST_TYPEHASH, request))`; see `Agreements.id`.
    function commitment(Request calldata request) internal pure returns (bytes32 committed) {
        bytes32 typehash = REQUEST_TYPEHASH;
        assembly ("memory-safe") {
            let start := mload(0x40)
            mstore(start, typehash)
            calldatacopy(add(start, 0x20), request, 0x120)
            committed := keccak256(start, 0x140)
        }
    }

    /// @dev The double hash is OpenZeppelin's `StandardMerkleTree`: no inner node can pass for a leaf. The request's commitment
    /// binds the verdict to agreement, record and model.
    function leaf(RequestId request, bytes32 committed, Verdict calldata verdict) internal pure returns (bytes32) {
        return keccak256(
            bytes.concat(keccak256(abi.encode(request, committed, verdict.outcome, verdict.score, verdict.trail)))
        );
    }

    function hashReport(uint32 epoch, uint32 count, bytes32 root) internal pure returns (bytes32) {
        return keccak256(abi.encode(REPORT_TYPEHASH, epoch, count, root));
    }
}
