// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { EfficientHashLib as Hash } from "solady/utils/EfficientHashLib.sol";

import { AgreementId, RequestId } from "./Ids.sol";
import { Question } from "./Question.sol";
import { Quote } from "./Quote.sol";

/// @notice A controller's question, with the terms that held when it was asked. Record and model are the agreement's, fixed by its id.
struct Request {
    AgreementId agreement;
    address controller;
    Question question;
    Quote quote;
}

/// @notice The answer to one request.
struct Verdict {
    uint8 outcome;
    /// Parts per million.
    uint32 score;
    /// Digest of the trail.
    bytes32 trail;
}

/// @notice A request with its verdict, as a report lists them.
struct Answer {
    Request request;
    Verdict verdict;
}

/// @notice A quorum's signatures.
struct Attestation {
    uint32 epoch;
    /// Bit i: the epoch's member i signed.
    uint64 signers;
    /// EIP-2098 signatures (r, vs), 64 bytes each, in ascending order of member.
    bytes signatures;
}

enum RequestState {
    None,
    Requested,
    Recorded,
    Refused,
    Expired,
    /// The controller gave the use up before asking.
    Cancelled,
    /// A review of the verdict is under way.
    Challenged,
    /// Reviewed and confirmed.
    Upheld,
    /// Reviewed and replaced; the first verdict stays in the events.
    Corrected
}

/// @notice How far a verdict can still change.
enum Finality {
    /// There is no verdict.
    None,
    /// Recorded; anyone may still challenge it.
    Contestable,
    /// Challenged; a review is due.
    Contested,
    /// Can't change any more.
    Final
}

/// @notice What the chain knows of a request.
/// @dev The last 12 bytes of the trail's digest don't fit the slot; the `Recorded` event has it whole.
struct RequestStatus {
    RequestState state;
    Finality finality;
    uint8 outcome;
    uint24 score;
    /// When it was recorded, corrected, or ended (Unix time).
    uint40 since;
    bytes20 trail;
    /// The callback failed; anyone may retry it.
    bool undelivered;
}

/// @dev `Hash.hash` is `keccak256(abi.encode(...))` of whole words, for 300 gas less.
library Verdicts {
    bytes32 internal constant REQUEST_TYPEHASH =
        keccak256("Request(bytes32 agreement,address controller,uint256 question,uint256 quote)");
    /// Stands above the use in what a request's id is the hash of: the head of its type's hash.
    bytes28 internal constant USE_TAG = bytes28(keccak256("Use(bytes32 agreement,uint32 use)"));
    bytes32 internal constant REPORT_TYPEHASH = keccak256("Report(uint32 epoch,uint32 count,bytes32 root)");
    /// What a controller signs to ask through a relayer.
    bytes32 internal constant ASKING_TYPEHASH = keccak256(
        "Asking(bytes32 agreement,uint32 use,uint40 deadline,uint8 purpose,uint8 step,uint16 callback,uint8 delivery,"
        "uint32 modifiers,uint16 place,uint96 tip)"
    );

    uint32 internal constant MAX_SCORE = 1_000_000;

    /// @dev A use of an agreement has one request, for ever: that makes a use impossible to take twice, without a counter. The tag stands where
    /// the use leaves room, for a word less to hash.
    function id(AgreementId agreement, uint32 use) internal pure returns (RequestId) {
        return RequestId.wrap(Hash.hash(AgreementId.unwrap(agreement), bytes32(USE_TAG) | bytes32(uint256(use))));
    }

    function id(Request calldata request) internal pure returns (RequestId) {
        return id(request.agreement, request.question.use());
    }

    function commitment(Request calldata request) internal pure returns (bytes32) {
        return commitment(request.agreement, request.controller, request.question, request.quote);
    }

    function commitment(AgreementId agreement, address controller, Question question, Quote quote)
        internal
        pure
        returns (bytes32)
    {
        return Hash.hash(
            REQUEST_TYPEHASH,
            AgreementId.unwrap(agreement),
            bytes32(uint256(uint160(controller))),
            bytes32(Question.unwrap(question)),
            bytes32(Quote.unwrap(quote))
        );
    }

    /// @dev The fields as they stand, without the checks of their widths: whoever reads them so compares them with their bounds first.
    function parts(Verdict calldata verdict) internal pure returns (uint256 outcome, uint256 score, bytes32 trail) {
        assembly ("memory-safe") {
            outcome := calldataload(verdict)
            score := calldataload(add(verdict, 0x20))
            trail := calldataload(add(verdict, 0x40))
        }
    }

    /// @dev The double hash is OpenZeppelin's `StandardMerkleTree`: no inner node can pass for a leaf. The request's commitment
    /// binds the verdict to agreement, record and model.
    function leaf(RequestId request, bytes32 committed, Verdict calldata verdict) internal pure returns (bytes32) {
        (uint256 outcome, uint256 score, bytes32 trail) = parts(verdict);
        return Hash.hash(Hash.hash(RequestId.unwrap(request), committed, bytes32(outcome), bytes32(score), trail));
    }

    function hashReport(uint32 epoch, uint32 count, bytes32 root) internal pure returns (bytes32) {
        return Hash.hash(REPORT_TYPEHASH, bytes32(uint256(epoch)), bytes32(uint256(count)), root);
    }

    /// @dev The parts apart, for a wallet to show them.
    function hashAsking(AgreementId agreement, Question question, uint96 tip) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                ASKING_TYPEHASH,
                agreement,
                question.use(),
                question.deadline(),
                question.purpose(),
                question.step(),
                question.callback(),
                question.delivery(),
                question.modifiers(),
                question.place(),
                tip
            )
        );
    }
}
