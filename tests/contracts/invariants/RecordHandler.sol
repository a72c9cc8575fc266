// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Phase } from "../../../contracts/types/Case.sol";
import { Model } from "../../../contracts/types/Model.sol";
import { Pools } from "../../../contracts/types/Pool.sol";
import { Question } from "../../../contracts/types/Question.sol";
import { Quote } from "../../../contracts/types/Quote.sol";
import { Signers, SignersLib } from "../../../contracts/types/Signers.sol";
import { Under } from "../../../contracts/types/Standing.sol";
import { Attestation, Recording, Request, RequestState, Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { inClear, verdictOf } from "../base/Verdict.sol";
import { KnownAgreement, KnownCase, KnownRequest } from "./Ledger.sol";
import { Mood } from "./Receiver.sol";
import { RequestHandler } from "./RequestHandler.sol";

/// @notice The committee answers, one verdict at a time; others try to answer in its place. Receivers are called.
abstract contract RecordHandler is RequestHandler {
    function record(uint256 seed) external counted {
        recordOne(seed);
    }

    /// @dev Without this a run would rarely get far beyond its first few verdicts.
    function requestAndRecord(uint256 seed) external counted {
        ask(seed);
        recordOne(seed);
    }

    function recordForbidden(uint256 seed) external counted {
        if (requests.length == 0) return;
        uint256 kind = draw(seed, "kind", 0, 9);
        KnownRequest storage made = requestIn(seed, kind == 0 ? RequestState.Recorded : RequestState.Requested);
        if (kind == 0 && made.state == RequestState.Requested) return;
        if (kind == 9 && quorumFor(made, epochNumber) == membersAtRotation[epochNumber].length) return;
        (Request memory terms, Verdict memory verdict, Attestation memory attestation) = _forged(made, seed, kind);
        bytes memory data = abi.encodeCall(assent.record, (terms, verdict, attestation));
        attempt("recordForbidden", relayer, 0, data, false);
    }

    function changeMood(uint256 seed) external counted {
        receiver.set(Mood(draw(seed, "mood", 0, uint256(type(Mood).max))));
    }

    function retryCallback(uint256 seed) external counted {
        if (requests.length == 0) return;
        KnownRequest storage made = _undeliveredIn(seed);
        if (chance(seed, "content", 2)) receiver.set(Mood.Content);
        bytes memory data = abi.encodeCall(assent.retryCallback, (recordingOf(made)));
        warn(made, made.verdict, made.by);
        if (attempt("retryCallback", relayer, 0, data, made.undelivered)) deliver(made);
    }

    /// @dev Once, and only what can't change any more and somebody may rely on.
    function deliverFinal(uint256 seed) external counted {
        if (requests.length == 0) return;
        KnownRequest storage made = _finalIn(seed);
        if (chance(seed, "content", 2)) receiver.set(Mood.Content);
        bool expected = _isFinal(made) && !made.deliveredFinally && made.terms.controller == address(receiver);
        expected = expected && receiver.mood() != Mood.Reverting;
        bytes memory data = abi.encodeCall(assent.deliverFinal, (recordingOf(made)));
        if (attempt("deliverFinal", stranger, 0, data, expected)) made.deliveredFinally = true;
    }

    function _isFinal(KnownRequest storage made) private view returns (bool) {
        if (made.state == RequestState.Recorded) return !contestable(made);
        return made.state == RequestState.Upheld || made.state == RequestState.Corrected;
    }

    /// @dev Most often one that may be delivered so.
    function _finalIn(uint256 seed) private view returns (KnownRequest storage made) {
        uint256 first = draw(seed, "request", 0, requests.length - 1);
        for (uint256 i = 0; i < requests.length && !chance(seed, "any request", 3); ++i) {
            made = requests[(first + i) % requests.length];
            if (_isFinal(made) && !made.deliveredFinally && made.terms.controller == address(receiver)) return made;
        }
        return requests[first];
    }

    /// @dev As it was before it was corrected, or with another verdict, signers or terms than it was recorded with.
    function retryForbidden(uint256 seed) external counted {
        if (requests.length == 0) return;
        KnownRequest storage made = _undeliveredIn(seed);
        Recording memory recording = recordingOf(made);
        uint256 kind = draw(seed, "kind", 0, 4);
        if (kind == 0) recording.verdict = made.first;
        if (kind == 1) recording.verdict = verdictFor(made, seed);
        if (kind == 2) recording.by = Signers.wrap(Signers.unwrap(recording.by) ^ 1 << draw(seed, "bit", 0, 255));
        if (kind == 3) {
            recording.request.question = Question.wrap(Question.unwrap(recording.request.question) ^ 1 << 88);
        }
        if (kind == 4) recording.request.controller = stranger;
        if (keccak256(abi.encode(recording)) == keccak256(abi.encode(recordingOf(made)))) return;
        attempt("retryForbidden", relayer, 0, abi.encodeCall(assent.retryCallback, (recording)), false);
    }

    // What is answered

    function recordOne(uint256 seed) internal {
        if (requests.length == 0) return;
        KnownRequest storage made = _toAnswer(seed);
        Verdict memory verdict = verdictFor(made, seed);
        uint32 epoch = epochToSign(seed, made.terms.quote.quorum());
        uint64 signers = signersOf(seed, membersAtRotation[epoch].length, quorumFor(made, epoch));
        Attestation memory attestation = attestRoot(epoch, leafOf(made.terms, verdict), signers);
        bytes memory data = abi.encodeCall(assent.record, (made.terms, verdict, attestation));
        warn(made, verdict, attestation.by);
        if (!attempt("record", relayer, 0, data, isAnswerable(made))) return;
        written(made, verdict, epoch, signers);
        uint32 currency = made.terms.quote.currency();
        earn(
            Pools.id(SignersLib.pack(epoch, signers), currency),
            epoch,
            signers,
            currency,
            operatorsPart(made.terms.quote)
        );
        if (made.terms.question.callback() != 0) deliver(made);
    }

    function isAnswerable(KnownRequest storage made) internal view returns (bool) {
        bool inTime = time() <= made.terms.question.deadline();
        return inTime && isOpen(made);
    }

    /// @return Whether a verdict may be written, if it comes in time.
    function isOpen(KnownRequest storage made) internal view returns (bool) {
        return made.state == RequestState.Requested && !isOver(agreements[made.agreementAt]);
    }

    function verdictFrom(uint256 seed) internal pure returns (Verdict memory) {
        return verdictOf(draw(seed, "outcome", 0, 1), draw(seed, "score", 0, 1_000_000), keccak256(abi.encode(seed)));
    }

    /// @return verdict With what the question asks to have in clear; the rest is what nobody can tell from a commitment.
    function verdictFor(KnownRequest storage made, uint256 seed) internal view returns (Verdict memory verdict) {
        verdict = verdictFrom(seed);
        uint256 disclosure = made.terms.question.disclosure();
        if (disclosure < 1) verdict.outcome = keccak256(abi.encode("sealed outcome", seed));
        if (disclosure < 2) verdict.score = keccak256(abi.encode("sealed score", seed));
    }

    /// @return Whether it has in clear just what the question asks for, as the model has it.
    function isPossible(KnownRequest storage made, Verdict memory verdict) internal view returns (bool) {
        uint256 disclosure = made.terms.question.disclosure();
        bool outcomeInClear = uint256(verdict.outcome) < made.terms.quote.outcomeCount();
        return outcomeInClear == (disclosure > 0) && (uint256(verdict.score) < 1_000_001) == (disclosure > 1);
    }

    /// @return The current epoch, or the one before while that may still sign, and is large enough.
    function epochToSign(uint256 seed, uint256 quorum) internal view returns (uint32) {
        if (!inGrace() || chance(seed, "this epoch", 2)) return epochNumber;
        return membersAtRotation[epochNumber - 1].length < quorum ? epochNumber : epochNumber - 1;
    }

    function quorumFor(KnownRequest storage made, uint32 epoch) internal view returns (uint256) {
        return exactQuorum(made.terms.quote.quorum(), epoch);
    }

    /// @return As many as the model asks for, and more than half.
    function exactQuorum(uint256 quorum, uint32 epoch) internal view returns (uint256) {
        uint256 size = membersAtRotation[epoch].length;
        return 2 * quorum > size ? quorum : size / 2 + 1;
    }

    // What follows

    function written(KnownRequest storage made, Verdict memory verdict, uint32 epoch, uint64 signers) internal {
        end(made, RequestState.Recorded);
        (made.first, made.verdict, made.epoch, made.signers) = (verdict, verdict, epoch, signers);
        made.by = SignersLib.pack(epoch, signers);
        made.answered = time();
        if (made.terms.question.disclosure() < 2) ++succeeded["seal"];
        Quote quote = made.terms.quote;
        if (quote.price() != 0 || quote.royalty() != 0) ++agreements[made.agreementAt].earning;
    }

    /// @dev The verdict is brought to its receiver, who takes it or doesn't. An account without code isn't told.
    function deliver(KnownRequest storage made) internal {
        made.undelivered = made.terms.controller != address(receiver);
        if (made.undelivered) return;
        Mood mood = receiver.mood();
        if (mood == Mood.Content) return;
        made.undelivered = mood != Mood.Contrary || !challengeable(made);
        if (made.undelivered) return;
        committeeIn += BOND;
        challenged(made, address(receiver));
    }

    /// @dev Its bond is in. Where too few could judge, their time is over at once.
    function challenged(KnownRequest storage made, address challenger_) internal {
        move(made, RequestState.Challenged);
        uint256 size = rollAttesters[made.epoch].length;
        bool few = size - popCount(made.signers) < size / 2 + 1;
        KnownCase storage it = cases[made.id];
        (it.phase, it.challenger, it.arbiter) = (Phase.Open, challenger_, modelOf(made).arbiter);
        it.until = few ? time() - 1 : time() + JUDGING_TIME;
        openBonds += BOND;
        ++succeeded[challenger_ == address(receiver) ? "challenge while delivered" : "challenge in all"];
        knowAccount(challenger_);
    }

    /// @dev Tells the receiver how it would challenge what it is about to be told.
    function warn(KnownRequest storage made, Verdict memory verdict, Signers by) internal {
        if (made.terms.controller != address(receiver)) return;
        bytes memory data = abi.encodeCall(committee.challenge, (Recording(made.terms, verdict, by), underOf(made)));
        receiver.prepare(made.id, data);
    }

    function underOf(KnownRequest storage made) internal view returns (Under memory) {
        KnownAgreement storage known = agreements[made.agreementAt];
        return Under(known.source, known.terms.terms);
    }

    /// @return As it stands now: as it was recorded, or corrected.
    function recordingOf(KnownRequest storage made) internal view returns (Recording memory) {
        return Recording(made.terms, made.verdict, made.by);
    }

    function modelOf(KnownRequest storage made) internal view returns (Model memory) {
        return models[agreements[made.agreementAt].modelAt].terms;
    }

    // What is signed

    /// @dev Sound but for one thing.
    function _forged(KnownRequest storage made, uint256 seed, uint256 kind)
        private
        view
        returns (Request memory terms, Verdict memory verdict, Attestation memory attestation)
    {
        (terms, verdict) = (made.terms, verdictFor(made, seed));
        uint256 wanted = quorumFor(made, epochNumber);
        if (kind == 1) verdict.score = inClear(terms.question.disclosure() > 1 ? 1_000_001 : 1_000_000);
        if (kind == 2) verdict.outcome = inClear(terms.question.disclosure() > 0 ? terms.quote.outcomeCount() : 0);
        if (kind == 3) --wanted;
        if (kind == 4) terms.quote = Quote.wrap(Quote.unwrap(terms.quote) ^ (1 << draw(seed, "bit", 0, 255)));
        if (kind == 9) ++wanted; // nobody may sign along for a part of the fee
        uint64 signers = signersOf(seed, membersAtRotation[epochNumber].length, wanted);
        attestation = attestRoot(epochNumber, leafOf(terms, verdict), signers);
        if (kind == 5) verdict.outcome ^= bytes32(uint256(1));
        if (kind == 6) attestation = _stale(leafOf(terms, verdict), signers, seed);
        if (kind == 7) {
            uint256 beyond = seed % 2 == 0 ? membersAtRotation[epochNumber].length : draw(seed, "bit", 96, 255);
            attestation.by = Signers.wrap(Signers.unwrap(attestation.by) | 1 << beyond);
        }
        if (kind == 8) _swapFirstSignature(attestation, seed, leafOf(terms, verdict));
    }

    /// @dev Signed for another epoch but named for this one; signed in this one but named for another; signed and named for one
    /// that may not sign any more.
    function _stale(bytes32 leaf, uint64 signers, uint256 seed) private view returns (Attestation memory attestation) {
        uint32 oldest = inGrace() ? epochNumber - 1 : epochNumber; // that may still sign
        if (oldest > 1 && seed % 3 == 0) {
            uint32 old = uint32(draw(seed, "old", 1, oldest - 1));
            uint256 size = membersAtRotation[old].length;
            return attestRoot(old, leaf, signersOf(seed, size, size < 3 ? size : 3));
        }
        attestation = seed % 3 == 1
            ? attestReport(epochNumber, Verdicts.hashReport(epochNumber + 1, 1, leaf), signers)
            : attestRoot(epochNumber, leaf, signers);
        if (seed % 3 != 1) attestation.by = SignersLib.pack(epochNumber + 1, attestation.by.bitmap());
    }

    /// @dev Puts a stranger's signature, or another member's, at the first place.
    function _swapFirstSignature(Attestation memory attestation, uint256 seed, bytes32 leaf) private view {
        bytes memory given = attestation.signatures;
        bytes memory other = seed % 2 == 0
            ? sign(strangerKey, Verdicts.hashReport(attestation.by.epoch(), 1, leaf))
            : slice(given, 64, 128);
        attestation.signatures = bytes.concat(other, slice(given, 64, given.length));
    }

    /// @dev Most often one that can be answered.
    function _toAnswer(uint256 seed) private view returns (KnownRequest storage made) {
        uint256 first = draw(seed, "request", 0, requests.length - 1);
        for (uint256 i = 0; i < requests.length && !chance(seed, "any request", 8); ++i) {
            made = requests[(first + i) % requests.length];
            if (isAnswerable(made)) return made;
        }
        return requestIn(seed, RequestState.Requested);
    }

    function _undeliveredIn(uint256 seed) private view returns (KnownRequest storage made) {
        uint256 first = draw(seed, "request", 0, requests.length - 1);
        for (uint256 i = 0; i < requests.length && !chance(seed, "any request", 4); ++i) {
            made = requests[(first + i) % requests.length];
            if (made.undelivered) return made;
        }
        return requests[first];
    }
}
