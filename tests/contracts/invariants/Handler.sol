// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Purposes } from "../../../contracts/libraries/Purposes.sol";
import { Attestation, Request, RequestState, Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { CommitteeHandler } from "./CommitteeHandler.sol";
import { ConsentHandler } from "./ConsentHandler.sol";
import { KnownAgreement, KnownModel, KnownRequest, KnownSigners } from "./Ledger.sol";

/// @notice Everything that anyone does to the contract in the invariant tests: what is allowed, and what isn't.
contract Handler is CommitteeHandler, ConsentHandler {
    constructor() {
        setUp();
        knowCommittee();
        knowPeople();
    }

    // Requests

    function request(uint256 seed) external counted {
        _request(seed);
    }

    /// @dev Without this a run would rarely get far beyond its first few verdicts.
    function requestAndRecord(uint256 seed) external counted {
        _request(seed);
        _record(seed);
    }

    function record(uint256 seed) external counted {
        _record(seed);
    }

    function _request(uint256 seed) private {
        KnownAgreement storage known = _agreementToAskUnder(seed);
        (uint8 quorum, uint96 fee, bool published) = _modelOf(known);
        Request memory asked = Request({
            agreement: known.id,
            use: known.taken,
            controller: known.terms.controller,
            purpose: known.purpose,
            step: known.step,
            deadline: uint40(time() + draw(seed, "deadline", 0, 2 hours)),
            fee: fee,
            quorum: quorum,
            outcomeCount: 2
        });
        bytes memory data =
            abi.encodeCall(assent.request, (known.terms, asked.purpose, asked.step, asked.use, asked.deadline));
        if (!attempt("request", asked.controller, fee, data, published && _permits(known))) return;
        ++known.taken;
        requests.push();
        KnownRequest storage made = requests[requests.length - 1];
        made.terms = asked;
        made.id = Verdicts.id(asked.agreement, asked.use);
        made.agreementAt = _placeOf(known);
        made.state = RequestState.Requested;
        made.asked = moment();
    }

    function requestForbidden(uint256 seed, uint8 kind) external counted {
        if (agreements.length == 0) return;
        KnownAgreement storage known = agreements[draw(seed, "agreement", 0, agreements.length - 1)];
        (, uint96 fee,) = _modelOf(known);
        address sender = known.terms.controller;
        (uint8 purpose, uint8 step, uint32 use) = (known.purpose, known.step, known.taken);
        uint40 until = uint40(time() + 1 hours);
        kind %= 7;
        if (kind == 0) sender = stranger;
        else if (kind == 1) purpose = Purposes.COUNT;
        else if (kind == 2) step = (step + 1) % 5;
        else if (kind == 3) use = known.terms.uses;
        else if (kind == 4) fee += 1;
        else if (kind == 5) until = uint40(time() - 1);
        else if (use == 0) return; // nothing was asked that could be asked again
        else use -= 1;
        bytes memory data = abi.encodeCall(assent.request, (known.terms, purpose, step, use, until));
        attempt("requestForbidden", sender, fee, data, false);
    }

    function _record(uint256 seed) private {
        if (requests.length == 0) return;
        KnownRequest storage made = _requestIn(seed, RequestState.Requested);
        Verdict memory verdict = _verdict(seed);
        Attestation memory attestation = attest(made.terms, verdict, _quorumFor(made, seed));
        bool expected = made.state == RequestState.Requested && time() <= made.terms.deadline;
        expected = expected && stands(agreements[made.agreementAt]);
        bytes memory data = abi.encodeCall(assent.record, (made.terms, verdict, attestation));
        if (!attempt("record", relayer, 0, data, expected)) return;
        made.epoch = attestation.epoch;
        made.signers = attestation.signers;
        made.sound = attestation.signatures.length / 64;
        _end(made, RequestState.Recorded);
        _earn(attestation.epoch, attestation.signers, made.terms.fee);
    }

    function recordForbidden(uint256 seed, uint8 kind) external counted {
        if (requests.length == 0) return;
        KnownRequest storage made = _requestIn(seed, kind % 9 == 0 ? RequestState.Recorded : RequestState.Requested);
        if (kind % 9 == 0 && made.state == RequestState.Requested) return;
        (Request memory terms, Verdict memory verdict, Attestation memory attestation) = _forged(made, seed, kind % 9);
        bytes memory data = abi.encodeCall(assent.record, (terms, verdict, attestation));
        attempt("recordForbidden", relayer, 0, data, false);
    }

    function refuse(uint256 seed) external counted {
        if (requests.length == 0) return;
        KnownRequest storage made = _requestIn(seed, RequestState.Requested);
        bool expected = made.state == RequestState.Requested && !stands(agreements[made.agreementAt]);
        if (!attempt("refuse", stranger, 0, abi.encodeCall(assent.refuse, (made.terms)), expected)) return;
        _end(made, RequestState.Refused);
    }

    function expire(uint256 seed) external counted {
        if (requests.length == 0) return;
        KnownRequest storage made = _requestIn(seed, RequestState.Requested);
        bool expected = made.state == RequestState.Requested && time() > made.terms.deadline;
        if (!attempt("expire", stranger, 0, abi.encodeCall(assent.expire, (made.terms)), expected)) return;
        _end(made, RequestState.Expired);
    }

    // Money

    function collect(uint256 seed) external counted {
        if (signerSets.length == 0) return;
        KnownSigners storage set = signerSets[draw(seed, "signers", 0, signerSets.length - 1)];
        uint256 index = draw(seed, "index", 0, OPERATORS);
        bytes32 pair = keccak256(abi.encode(set.epoch, set.signers));
        uint256 due = set.earned / popCount(set.signers) - collectedBy[pair][index];
        bool expected = (set.signers >> index) & 1 == 1 && due > 0;
        bytes memory data = abi.encodeCall(assent.collect, (set.epoch, set.signers, index));
        if (!attempt("collect", stranger, 0, data, expected)) return;
        collectedBy[pair][index] += due;
        set.collected += due;
    }

    function withdrawCredits(uint256 seed) external counted {
        address account = _mayHaveCredit(seed);
        uint256 credit = assent.creditOf(account);
        uint256 balance = account.balance;
        bytes memory data = abi.encodeCall(assent.withdrawCredits, (payable(account)));
        if (attempt("withdrawCredits", account, 0, data, credit > 0)) paidOut += account.balance - balance;
    }

    function credits() external view returns (uint256 sum) {
        for (uint256 i = 0; i < OPERATORS; ++i) {
            sum += assent.creditOf(operators[i].account);
        }
        return sum + assent.creditOf(controllers[0]) + assent.creditOf(controllers[1]);
    }

    // What is asked, and under what

    /// @dev Three times in four the first from a random place on that permits it; a new one if none does.
    function _agreementToAskUnder(uint256 seed) private returns (KnownAgreement storage known) {
        uint256 count = agreements.length;
        for (uint256 i = 0; i < count; ++i) {
            known = agreements[(seed % count + i) % count];
            (,, bool published) = _modelOf(known);
            if (seed % 4 == 0 || (published && _permits(known))) return known;
        }
        giveAnother(seed, seed % 2 == 0);
        return agreements[agreements.length - 1];
    }

    function _permits(KnownAgreement storage known) private view returns (bool) {
        if (!stands(known) || time() < known.terms.validFrom || known.taken >= known.terms.uses) return false;
        return Purposes.permits(known.purpose, known.terms.purposes, known.terms.prohibited);
    }

    function _modelOf(KnownAgreement storage known) private view returns (uint8 quorum, uint96 fee, bool published) {
        for (uint256 i = 0; i < models.length; ++i) {
            KnownModel storage version = models[i];
            if (version.id == known.terms.model) return (version.terms.quorum, version.terms.fee, !version.deprecated);
        }
    }

    function _placeOf(KnownAgreement storage known) private view returns (uint256 place) {
        while (!(agreements[place].id == known.id)) ++place;
    }

    /// @dev Seven times in eight the first from a random place on in this state, if there is one.
    function _requestIn(uint256 seed, RequestState state) private view returns (KnownRequest storage made) {
        uint256 count = requests.length;
        uint256 first = draw(seed, "request", 0, count - 1);
        for (uint256 i = 0; i < count && seed % 8 != 0; ++i) {
            made = requests[(first + i) % count];
            if (made.state == state) return made;
        }
        return requests[first];
    }

    // What is signed

    function _verdict(uint256 seed) private pure returns (Verdict memory) {
        return Verdict(
            uint8(draw(seed, "outcome", 0, 1)), uint32(draw(seed, "score", 0, 1_000_000)), keccak256(abi.encode(seed))
        );
    }

    /// @return signers A random set of members, filled up from the lowest to the request's quorum.
    function _quorumFor(KnownRequest storage made, uint256 seed) private view returns (uint256 signers) {
        signers = draw(seed, "signers", 0, (1 << assent.currentEpoch().size) - 1);
        for (uint256 i = 0; popCount(signers) < made.terms.quorum; ++i) {
            signers |= 1 << i;
        }
    }

    /// @dev Sound but for one thing.
    function _forged(KnownRequest storage made, uint256 seed, uint256 kind)
        private
        view
        returns (Request memory terms, Verdict memory verdict, Attestation memory attestation)
    {
        terms = made.terms;
        verdict = _verdict(seed);
        uint256 signers = _quorumFor(made, seed);
        if (kind == 1) verdict.score = 1_000_001;
        if (kind == 2) verdict.outcome = 2;
        if (kind == 3) signers = (1 << (terms.quorum - 1)) - 1;
        if (kind == 4) terms.fee += 1;
        attestation = attest(terms, verdict, signers);
        if (kind == 5) verdict.outcome = 1 - verdict.outcome;
        if (kind == 6) attestation = _stale(leafOf(terms, verdict), seed);
        if (kind == 7) attestation.signers |= 1 << assent.currentEpoch().size;
        if (kind == 8) _swapFirstSignature(attestation, seed, leafOf(terms, verdict));
    }

    /// @dev Signed in this epoch but named for another; signed in another but named for this one; signed and named for the last.
    function _stale(bytes32 leaf, uint256 seed) private view returns (Attestation memory attestation) {
        uint32 epoch = assent.currentEpoch().number;
        uint32 other = epoch == 1 ? 2 : epoch - 1;
        if (seed % 3 == 0) {
            attestation = attestRoot(epoch, leaf, 0xf);
            attestation.epoch = other;
        } else if (seed % 3 == 1 || epoch == 1) {
            attestation = attestReport(epoch, Verdicts.hashReport(other, 1, leaf), 0xf);
        } else {
            attestation = attestRoot(other, leaf, 0xf);
        }
    }

    /// @dev Puts a stranger's signature, or another member's, at the first place.
    function _swapFirstSignature(Attestation memory attestation, uint256 seed, bytes32 leaf) private view {
        bytes memory given = attestation.signatures;
        bytes memory other =
            seed % 2 == 0 ? sign(strangerKey, Verdicts.hashReport(attestation.epoch, 1, leaf)) : slice(given, 64, 128);
        attestation.signatures = bytes.concat(other, slice(given, 64, given.length));
    }

    // What follows

    function _end(KnownRequest storage made, RequestState state) private {
        made.state = state;
        made.ended = moment();
        made.answer = abi.encode(assent.verdictOf(made.id));
    }

    function _earn(uint32 epoch, uint256 signers, uint256 fee) private {
        bytes32 pair = keccak256(abi.encode(epoch, signers));
        if (signerSetAt[pair] == 0) {
            signerSets.push(KnownSigners(epoch, signers, 0, 0));
            signerSetAt[pair] = signerSets.length;
        }
        signerSets[signerSetAt[pair] - 1].earned += fee;
    }

    function _mayHaveCredit(uint256 seed) private view returns (address account) {
        uint256 first = draw(seed, "account", 0, OPERATORS + 1);
        for (uint256 i = 0; i < OPERATORS + 2; ++i) {
            uint256 place = (first + i) % (OPERATORS + 2);
            account = place < OPERATORS ? operators[place].account : controllers[place - OPERATORS];
            if (seed % 4 == 0 || assent.creditOf(account) > 0) return account;
        }
    }
}
