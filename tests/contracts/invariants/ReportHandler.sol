// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { PoolId } from "../../../contracts/types/Ids.sol";
import { Pools } from "../../../contracts/types/Pool.sol";
import { Delivery, Question, Questions } from "../../../contracts/types/Question.sol";
import { SignersLib } from "../../../contracts/types/Signers.sol";
import { Answer, Attestation, Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { inClear } from "../base/Verdict.sol";
import { KnownPool, KnownReport, KnownRequest } from "./Ledger.sol";
import { RecordHandler } from "./RecordHandler.sol";
import { Tree } from "./Tree.sol";

/// @notice The committee answers many at once: all in one transaction, or by an anchored root under which each is claimed.
abstract contract ReportHandler is RecordHandler {
    uint256 private constant MOST = 5;

    function recordMany(uint256 seed) external counted {
        if (requests.length == 0) return;
        KnownReport memory report = _draft(seed, true);
        (Answer[] memory answers, uint256 quorum) = _answers(report);
        uint32 epoch = epochToSign(seed, quorum);
        uint64 signers = signersOf(seed, membersAtRotation[epoch].length, exactQuorum(quorum, epoch));
        bytes32 structHash = Verdicts.hashReport(epoch, uint32(answers.length), report.root);
        Attestation memory attestation = attestReport(epoch, structHash, signers);
        for (uint256 i = 0; i < answers.length; ++i) {
            warn(requests[report.requestsAt[i]], answers[i].verdict, attestation.by);
        }
        bytes memory data = abi.encodeCall(assent.recordMany, (answers, attestation));
        if (_isMixed(answers)) ++succeeded["of two quorums"];
        if (!attempt("recordMany", relayer, 0, data, !_isMixed(answers))) return;
        bool[] memory wrote = new bool[](answers.length);
        for (uint256 i = 0; i < answers.length; ++i) {
            wrote[i] = _writeOne(requests[report.requestsAt[i]], answers[i].verdict, epoch, signers);
        }
        for (uint256 i = 0; i < answers.length; ++i) {
            KnownRequest storage made = requests[report.requestsAt[i]];
            if (wrote[i] && made.terms.question.callback() != 0) deliver(made);
        }
    }

    /// @dev A report of another count, with another verdict, or by too few.
    function recordManyForbidden(uint256 seed) external counted {
        if (requests.length == 0) return;
        uint256 kind = draw(seed, "kind", 0, 2);
        KnownReport memory report = _draft(seed, false);
        (Answer[] memory answers, uint256 quorum) = _answers(report);
        uint256 wanted = exactQuorum(quorum, epochNumber);
        if (kind == 2) --wanted;
        uint64 signers = signersOf(seed, membersAtRotation[epochNumber].length, wanted);
        uint256 count = kind == 0 ? answers.length + 1 : answers.length;
        bytes32 structHash = Verdicts.hashReport(epochNumber, uint32(count), report.root);
        Attestation memory attestation = attestReport(epochNumber, structHash, signers);
        if (kind == 1) answers[0].verdict.trail = keccak256("another trail");
        bytes memory data = abi.encodeCall(assent.recordMany, (answers, attestation));
        attempt("recordManyForbidden", relayer, 0, data, false);
    }

    function anchor(uint256 seed) external counted {
        anchorOne(seed);
    }

    function claim(uint256 seed) external counted {
        claimOne(seed);
    }

    /// @dev Without this a run would rarely come to a claim.
    function requestAndClaim(uint256 seed) external counted {
        ask(seed);
        ask(~seed);
        anchorOne(seed);
        claimOne(seed);
    }

    /// @dev A new report, or one again: for the currency and quorum of one of its answers.
    function anchorOne(uint256 seed) internal {
        if (requests.length == 0) return;
        uint256 place = reports.length;
        bool again = place > 0 && chance(seed, "again", 4);
        if (again) place = draw(seed, "report", 0, place - 1);
        else _keep(_draft(seed, false));
        KnownReport storage report = reports[place];
        KnownRequest storage one = requests[report.requestsAt[draw(seed, "one", 0, report.requestsAt.length - 1)]];
        (uint32 currency, uint8 quorum) = (one.terms.quote.currency(), one.terms.quote.quorum());
        uint32 epoch = epochToSign(seed, quorum);
        uint64 signers = signersOf(seed, membersAtRotation[epoch].length, exactQuorum(quorum, epoch));
        uint32 count = uint32(report.leaves.length);
        bytes32 structHash = Verdicts.hashReport(epoch, count, report.root);
        Attestation memory attestation = attestReport(epoch, structHash, signers);
        PoolId pool = Pools.id(report.root, currency, quorum);
        bytes memory data =
            abi.encodeCall(assent.anchor, (report.root, count, currencies[currency], quorum, attestation));
        if (attempt("anchor", relayer, 0, data, poolPlace[pool] == 0)) earn(pool, epoch, signers, currency, 0);
    }

    function claimOne(uint256 seed) internal {
        if (reports.length == 0) return;
        (KnownReport storage report, uint256 leaf) = _claimableIn(seed);
        KnownRequest storage made = requests[report.requestsAt[leaf]];
        PoolId pool = _poolOf(report, made);
        bytes32[] memory proof = Tree.proof(Tree.grow(report.leaves), leaf);
        bytes memory data = abi.encodeCall(assent.claim, (made.terms, report.verdicts[leaf], proof));
        if (poolPlace[pool] != 0) {
            KnownPool storage known = pools[poolPlace[pool] - 1];
            warn(made, report.verdicts[leaf], SignersLib.pack(known.epoch, known.signers));
        }
        if (attempt("claim", made.terms.controller, 0, data, mayClaim(made, pool))) {
            claimed(made, report.verdicts[leaf], pool);
        }
    }

    /// @return Whether the request asked for an anchored report, was answered by one in time, and is claimed in time.
    function mayClaim(KnownRequest storage made, PoolId pool) internal view returns (bool) {
        Question question = made.terms.question;
        if (!isOpen(made) || poolPlace[pool] == 0 || question.delivery() != uint8(Delivery.Anchored)) return false;
        uint256 since = pools[poolPlace[pool] - 1].since;
        if (since > question.deadline()) return false;
        return time() <= question.deadline() + 1 days && time() <= since + Questions.MAX_CLAIM;
    }

    function claimed(KnownRequest storage made, Verdict memory verdict, PoolId pool) internal {
        (uint32 epoch, uint64 signers) = (pools[poolPlace[pool] - 1].epoch, pools[poolPlace[pool] - 1].signers);
        written(made, verdict, epoch, signers);
        made.answered = pools[poolPlace[pool] - 1].since;
        earn(pool, epoch, signers, made.terms.quote.currency(), operatorsPart(made.terms.quote));
        if (made.terms.question.callback() != 0) deliver(made);
    }

    /// @dev Another verdict than the report's, or another's proof.
    function claimForbidden(uint256 seed) external counted {
        if (reports.length == 0) return;
        (KnownReport storage report, uint256 leaf) = _claimableIn(seed);
        bytes32[] memory proof = Tree.proof(Tree.grow(report.leaves), leaf);
        bool another = proof.length > 0 && chance(seed, "another proof", 2);
        Verdict memory verdict = report.verdicts[leaf];
        if (another) proof[0] = keccak256("another sister");
        else verdict.score ^= bytes32(uint256(1));
        bytes memory data = abi.encodeCall(assent.claim, (requests[report.requestsAt[leaf]].terms, verdict, proof));
        attempt("claimForbidden", stranger, 0, data, false);
    }

    function _writeOne(KnownRequest storage made, Verdict memory verdict, uint32 epoch, uint64 signers)
        private
        returns (bool)
    {
        if (!isAnswerable(made) || !isPossible(made, verdict)) {
            ++succeeded["skip"];
            return false;
        }
        written(made, verdict, epoch, signers);
        uint32 currency = made.terms.quote.currency();
        earn(
            Pools.id(SignersLib.pack(epoch, signers), currency),
            epoch,
            signers,
            currency,
            operatorsPart(made.terms.quote)
        );
        return true;
    }

    /// @dev Up to five requests that can be answered; some that can't, or malformed verdicts, where those are skipped.
    function _draft(uint256 seed, bool anyState) private view returns (KnownReport memory report) {
        uint256[] memory chosen = new uint256[](MOST);
        uint256 count = 0;
        uint256 first = draw(seed, "first", 0, requests.length - 1);
        uint256 most = draw(seed, "most", 1, MOST);
        for (uint256 i = 0; i < requests.length && count < most; ++i) {
            uint256 place = (first + i) % requests.length;
            if (count != 0 && !chance(seed ^ i, "another quorum", 24)) {
                uint8 wanted = requests[chosen[0]].terms.quote.quorum();
                if (requests[place].terms.quote.quorum() != wanted) continue;
            }
            if (isAnswerable(requests[place]) || (anyState && chance(seed ^ i, "not open", 6))) {
                chosen[count++] = place;
            }
        }
        if (count == 0) chosen[count++] = first;
        if (anyState && count < MOST && chance(seed, "twice", 8)) chosen[count++] = chosen[0];
        report.epoch = epochNumber;
        (report.requestsAt, report.verdicts) = (new uint256[](count), new Verdict[](count));
        report.leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            _insert(report, i, chosen[i], _verdictOf(seed, chosen[i], anyState));
        }
        report.root = Tree.grow(report.leaves)[0];
    }

    /// @dev Among the first `i`, by ascending leaf.
    function _insert(KnownReport memory report, uint256 i, uint256 place, Verdict memory verdict) private view {
        bytes32 leaf = leafOf(requests[place].terms, verdict);
        for (; i > 0 && report.leaves[i - 1] > leaf; --i) {
            report.leaves[i] = report.leaves[i - 1];
            report.requestsAt[i] = report.requestsAt[i - 1];
            report.verdicts[i] = report.verdicts[i - 1];
        }
        (report.leaves[i], report.requestsAt[i], report.verdicts[i]) = (leaf, place, verdict);
    }

    /// @dev What is malformed has a score that no model has, or one that isn't sealed.
    function _verdictOf(uint256 seed, uint256 place, bool sloppy) private view returns (Verdict memory verdict) {
        verdict = verdictFor(requests[place], uint256(keccak256(abi.encode(seed, place))));
        if (!sloppy || !chance(seed ^ place, "malformed", 12)) return verdict;
        verdict.score = inClear(requests[place].terms.question.disclosure() > 1 ? 1_000_001 : 1_000_000);
    }

    function _keep(KnownReport memory report) private {
        reports.push();
        KnownReport storage kept = reports[reports.length - 1];
        (kept.root, kept.epoch, kept.requestsAt, kept.leaves) =
        (report.root, report.epoch, report.requestsAt, report.leaves);
        for (uint256 i = 0; i < report.verdicts.length; ++i) {
            kept.verdicts.push(report.verdicts[i]);
        }
    }

    function _answers(KnownReport memory report) private view returns (Answer[] memory answers, uint256 quorum) {
        answers = new Answer[](report.leaves.length);
        for (uint256 i = 0; i < answers.length; ++i) {
            answers[i] = Answer(requests[report.requestsAt[i]].terms, report.verdicts[i]);
            if (answers[i].request.quote.quorum() > quorum) quorum = answers[i].request.quote.quorum();
        }
    }

    function _isMixed(Answer[] memory answers) private pure returns (bool mixed) {
        for (uint256 i = 1; i < answers.length; ++i) {
            mixed = mixed || answers[i].request.quote.quorum() != answers[0].request.quote.quorum();
        }
    }

    function _poolOf(KnownReport storage report, KnownRequest storage made) private view returns (PoolId) {
        return Pools.id(report.root, made.terms.quote.currency(), made.terms.quote.quorum());
    }

    /// @dev Most often the first from a random report on that can be claimed.
    function _claimableIn(uint256 seed) private view returns (KnownReport storage report, uint256 leaf) {
        uint256 first = draw(seed, "report", 0, reports.length - 1);
        for (uint256 i = 0; i < reports.length && !chance(seed, "any report", 6); ++i) {
            report = reports[(first + i) % reports.length];
            for (leaf = 0; leaf < report.leaves.length; ++leaf) {
                KnownRequest storage made = requests[report.requestsAt[leaf]];
                if (mayClaim(made, _poolOf(report, made))) return (report, leaf);
            }
        }
        report = reports[first];
        leaf = draw(seed, "leaf", 0, report.leaves.length - 1);
    }
}
