// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { EfficientHashLib as Hash } from "solady/utils/EfficientHashLib.sol";

import { AgreementId, RequestId } from "./Ids.sol";
import { Disclosure, Question } from "./Question.sol";
import { Quote } from "./Quote.sol";
import { Signers } from "./Signers.sol";

/// @notice A controller's question, with the terms that held when it was asked. Record and model are the agreement's, fixed by its id.
struct Request {
    AgreementId agreement;
    address controller;
    Question question;
    Quote quote;
}

/// @notice The answer to one request, in three words. Each is what it says, or sealed: a commitment to that. The question's disclosure tells
/// which, and the request's commitment binds the question.
struct Verdict {
    /// Below the model's count of outcomes, or sealed.
    bytes32 outcome;
    /// Parts per million, or sealed.
    bytes32 score;
    /// Digest of the trail, or sealed.
    bytes32 trail;
}

/// @notice A verdict as it stands in its request's slot, and who signed it: what the slot's mark is the hash of.
struct Recording {
    Request request;
    Verdict verdict;
    Signers by;
}

/// @notice A request with its verdict, as a report lists them.
struct Answer {
    Request request;
    Verdict verdict;
}

/// @notice A quorum's signatures.
struct Attestation {
    Signers by;
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
    /// A case about the verdict is open.
    Challenged,
    /// Judged, and it stands.
    Upheld,
    /// Judged false and replaced; the first verdict stays in the events.
    Corrected,
    /// Challenged, and nobody decided in time: it stays, and can't change any more.
    Unjudged
}

/// @notice How far a verdict can still change.
enum Finality {
    /// There is no verdict.
    None,
    /// Recorded; anyone may still challenge it.
    Contestable,
    /// Challenged; its case is open.
    Contested,
    /// Can't change any more.
    Final
}

/// @notice What the chain knows of a request.
struct RequestStatus {
    RequestState state;
    Finality finality;
    /// 255 if it is sealed, which no model's outcome is.
    uint8 outcome;
    /// 2^24 - 1 if it is sealed, which no score is.
    uint24 score;
    /// When it was recorded, corrected, or ended (Unix time).
    uint40 since;
    /// Binds request, verdict and signers: see `Recording`.
    bytes22 mark;
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
        "uint8 disclosure,uint32 modifiers,uint16 place,uint96 tip)"
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

    /// @dev The double hash is OpenZeppelin's `StandardMerkleTree`: no inner node can pass for a leaf. The request's commitment
    /// binds the verdict to agreement, record and model.
    function leaf(RequestId request, bytes32 committed, Verdict calldata verdict) internal pure returns (bytes32) {
        return Hash.hash(Hash.hash(RequestId.unwrap(request), committed, verdict.outcome, verdict.score, verdict.trail));
    }

    /// @notice Head of the hash over a leaf and who signed it.
    /// @dev 176 bits. A second preimage costs 2^176. A collision needs one of the leaves that an honest quorum signs: 2^176 shared between
    /// those that an attacker can choose from and what it computes (docs/adr/0017).
    function mark(bytes32 leaf_, Signers by) internal pure returns (bytes22) {
        return bytes22(Hash.hash(leaf_, bytes32(Signers.unwrap(by))));
    }

    function mark(Recording calldata recording) internal pure returns (RequestId id_, bytes22) {
        id_ = id(recording.request);
        bytes32 leaf_ = leaf(id_, commitment(recording.request), recording.verdict);
        return (id_, mark(leaf_, recording.by));
    }

    /// @notice Whether just those parts are in clear that the question asks for, and with values that the request's model has.
    /// @dev Of what is sealed nothing else can be told here, but that it is no small number, as no hash is: one could be taken for a value.
    function isPossible(Request calldata request_, Verdict calldata verdict) internal pure returns (bool) {
        uint256 disclosure = request_.question.disclosure();
        (uint256 outcome, uint256 score) = (uint256(verdict.outcome), uint256(verdict.score));
        return (disclosure >= uint256(Disclosure.Outcome)
                    ? outcome < request_.quote.outcomeCount()
                    : outcome > type(uint128).max)
            && (disclosure >= uint256(Disclosure.OutcomeAndScore) ? score <= MAX_SCORE : score > type(uint128).max);
    }

    function hashReport(uint256 epoch, uint32 count, bytes32 root) internal pure returns (bytes32) {
        return Hash.hash(REPORT_TYPEHASH, bytes32(epoch), bytes32(uint256(count)), root);
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
                question.disclosure(),
                question.modifiers(),
                question.place(),
                tip
            )
        );
    }
}
