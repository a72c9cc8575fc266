// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { PoolId } from "../../../contracts/types/Ids.sol";
import { Pools } from "../../../contracts/types/Pool.sol";
import { Asked, Delivery, Disclosure, Question, Questions } from "../../../contracts/types/Question.sol";
import { Quote } from "../../../contracts/types/Quote.sol";
import { Attestation, Request, Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { KnownAgreement, KnownRequest } from "./Ledger.sol";
import { ReportHandler } from "./ReportHandler.sol";

/// @notice A committee answers questions before they are asked: all that a leaf holds can be known ahead.
abstract contract AheadHandler is ReportHandler {
    struct KnownAhead {
        uint256 agreementAt;
        Question question;
        Verdict verdict;
        PoolId pool;
    }

    KnownAhead[] private _ahead;

    function anchorAhead(uint256 seed) external counted {
        KnownAgreement storage known = agreementToAskUnder(seed);
        uint40 until = uint40(time() + draw(seed, "deadline", 1 hours, 20 days));
        uint32 use = known.terms.terms.uses - 1; // free for longest
        Question question = Questions.pack(
            Asked(use, until, known.purpose, known.step, 0, Delivery.Anchored, Disclosure.Everything, 0, 0)
        );
        Quote quote = quoteOf(known);
        Verdict memory verdict = verdictFrom(seed);
        bytes32 root = leafOf(Request(known.id, known.terms.controller, question, quote), verdict);
        uint64 signers =
            signersOf(seed, membersAtRotation[epochNumber].length, exactQuorum(quote.quorum(), epochNumber));
        Attestation memory attestation = attestRoot(epochNumber, root, signers);
        PoolId pool = Pools.id(root, quote.currency(), quote.quorum());
        bytes memory data =
            abi.encodeCall(assent.anchor, (root, 1, currencies[quote.currency()], quote.quorum(), attestation));
        if (!attempt("anchorAhead", relayer, 0, data, poolPlace[pool] == 0)) return;
        earn(pool, epochNumber, signers, quote.currency(), 0);
        _ahead.push(KnownAhead(placeOf(known), question, verdict, pool));
    }

    /// @dev Asks just that question, and claims at once. Now and then as late as can be.
    function claimAhead(uint256 seed) external counted {
        if (_ahead.length == 0) return;
        KnownAhead storage drawn = _askableIn(seed);
        KnownAgreement storage known = agreements[drawn.agreementAt];
        if (chance(seed, "late", 2)) waitUntil(drawn.question.deadline() - 1 hours);
        Quote quote = quoteOf(known);
        fund(known.terms.controller, quote.currency(), quote.total());
        bytes memory data = abi.encodeCall(assent.request, (known.source, known.terms.terms, drawn.question));
        if (!attempt("requestAhead", known.terms.controller, 0, data, mayAsk(known, drawn.question))) return;
        owed[quote.currency()][known.terms.controller] -= quote.total();
        KnownRequest storage made = opened(known, drawn.question, quote);
        data = abi.encodeCall(assent.claim, (made.terms, drawn.verdict, new bytes32[](0)));
        if (attempt("claimAhead", stranger, 0, data, mayClaim(made, drawn.pool))) {
            claimed(made, drawn.verdict, drawn.pool);
        }
    }

    /// @dev Most often the first from a random place on whose use is free, and whose agreement will stand.
    function _askableIn(uint256 seed) private view returns (KnownAhead storage drawn) {
        uint256 first = draw(seed, "ahead", 0, _ahead.length - 1);
        for (uint256 i = 0; i < _ahead.length && !chance(seed, "any", 8); ++i) {
            drawn = _ahead[(first + i) % _ahead.length];
            KnownAgreement storage known = agreements[drawn.agreementAt];
            bool free = requestPlace[Verdicts.id(known.id, drawn.question.use())] == 0;
            bool inTime = time() + 1 minutes <= drawn.question.deadline() && drawn.question.deadline() < known.end;
            if (free && inTime && permits(known) && !models[known.modelAt].deprecated) return drawn;
        }
        return _ahead[first];
    }
}
