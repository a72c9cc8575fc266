// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Purposes } from "../../../contracts/libraries/Purposes.sol";
import { AgreementId, RequestId } from "../../../contracts/types/Ids.sol";
import { Asked, Delivery, Disclosure, Question, Questions } from "../../../contracts/types/Question.sol";
import { Quote } from "../../../contracts/types/Quote.sol";
import { Request, RequestState, Verdicts } from "../../../contracts/types/Verdict.sol";
import { ConsentHandler } from "./ConsentHandler.sol";
import { KnownAgreement, KnownRequest } from "./Ledger.sol";
import { TreasuryHandler } from "./TreasuryHandler.sol";

/// @notice Controllers ask, through relayers too, and give uses up; requests end without a verdict.
abstract contract RequestHandler is ConsentHandler, TreasuryHandler {
    function request(uint256 seed) external counted {
        ask(seed);
    }

    function requestBySig(uint256 seed) external counted {
        KnownAgreement storage known = agreementToAskUnder(seed);
        (address payer, Quote quote) = (known.terms.controller, quoteOf(known));
        Question question = _question(known, seed);
        uint96 tip = uint96(draw(seed, "tip", 0, 3) * 0.0001 ether);
        uint256 price = quote.total() + tip;
        if (!chance(seed, "unfunded", 8)) fund(payer, quote.currency(), price);
        bytes memory signature = sign(keyOfPerson[payer], Verdicts.hashAsking(known.id, question, tip));
        bytes memory data =
            abi.encodeCall(assent.requestBySig, (known.source, payer, known.terms.terms, question, tip, signature));
        bool expected = mayAsk(known, question) && owed[quote.currency()][payer] >= price;
        if (!attempt("requestBySig", relayer, 0, data, expected)) return;
        owed[quote.currency()][payer] -= price;
        credit(quote.currency(), relayer, tip);
        opened(known, question, quote);
    }

    /// @dev A use that is free, or one that isn't.
    function cancel(uint256 seed) external counted {
        if (agreements.length == 0) return;
        KnownAgreement storage known = agreements[draw(seed, "agreement", 0, agreements.length - 1)];
        uint32 use = chance(seed, "any use", 2) ? uint32(draw(seed, "use", 0, 5)) : nextFree(known);
        RequestId id = Verdicts.id(known.id, use);
        bytes memory data = abi.encodeCall(assent.cancel, (known.source, known.terms.terms, use));
        if (!attempt("cancel", known.terms.controller, 0, data, requestPlace[id] == 0)) return;
        KnownRequest storage made = _known(known, Question.wrap(use), quoteOf(known));
        end(made, RequestState.Cancelled);
    }

    function requestForbidden(uint256 seed) external counted {
        if (agreements.length == 0) return;
        KnownAgreement storage known = agreements[draw(seed, "agreement", 0, agreements.length - 1)];
        uint256 kind = draw(seed, "kind", 0, 8);
        address sender = kind == 0 ? stranger : known.terms.controller;
        (Question question, bool possible) = _malformed(known, seed, kind);
        if (!possible) return;
        // Paid for in any case.
        Quote quote = quoteOf(known);
        fund(sender, quote.currency(), quote.total());
        uint256 value = kind == 4 ? quote.total() + 1 : 0;
        bytes memory data = abi.encodeCall(assent.request, (known.source, known.terms.terms, question));
        attempt("requestForbidden", sender, value, data, false);
    }

    /// @dev Signed by another, for another tip, for another question, or for a moment that is over.
    function requestBySigForbidden(uint256 seed) external counted {
        uint256 kind = draw(seed, "kind", 0, 2);
        KnownAgreement storage known = agreementToAskUnder(seed);
        Question question = _question(known, seed);
        address payer = known.terms.controller;
        fund(payer, quoteOf(known).currency(), quoteOf(known).total());
        bytes32 asking = Verdicts.hashAsking(known.id, question, kind == 1 ? 1 : 0);
        bytes memory signature = sign(kind == 0 ? strangerKey : keyOfPerson[payer], asking);
        if (kind == 2) question = question.forRound(question.use(), question.deadline() + 1);
        bytes memory data =
            abi.encodeCall(assent.requestBySig, (known.source, payer, known.terms.terms, question, 0, signature));
        attempt("requestBySigForbidden", relayer, 0, data, false);
    }

    function refuse(uint256 seed) external counted {
        if (requests.length == 0) return;
        KnownRequest storage made = _toRefuse(seed);
        bool expected = made.state == RequestState.Requested && isOver(agreements[made.agreementAt]);
        if (!attempt("refuse", stranger, 0, abi.encodeCall(assent.refuse, (made.terms)), expected)) return;
        _refund(made, RequestState.Refused);
    }

    function expire(uint256 seed) external counted {
        if (requests.length == 0) return;
        KnownRequest storage made = requestIn(seed, RequestState.Requested);
        bool expected = made.state == RequestState.Requested && time() > made.terms.question.lastSecond();
        if (!attempt("expire", stranger, 0, abi.encodeCall(assent.expire, (made.terms)), expected)) return;
        _refund(made, RequestState.Expired);
    }

    // What is asked, and under what

    function ask(uint256 seed) internal {
        KnownAgreement storage known = agreementToAskUnder(seed);
        (address payer, Quote quote) = (known.terms.controller, quoteOf(known));
        Question question = _question(known, seed);
        uint256 value = quote.currency() == 0 && chance(seed, "ether", 2) ? quote.total() : 0;
        bool expected = mayAsk(known, question);
        if (value == 0) {
            if (!chance(seed, "unfunded", 8)) fund(payer, quote.currency(), quote.total());
            expected = expected && owed[quote.currency()][payer] >= quote.total();
        }
        bytes memory data = abi.encodeCall(assent.request, (known.source, known.terms.terms, question));
        if (!attempt("request", payer, value, data, expected)) return;
        if (value == 0) owed[quote.currency()][payer] -= quote.total();
        opened(known, question, quote);
    }

    function opened(KnownAgreement storage known, Question question, Quote quote)
        internal
        returns (KnownRequest storage made)
    {
        made = _known(known, question, quote);
        move(made, RequestState.Requested);
    }

    function end(KnownRequest storage made, RequestState state) internal {
        move(made, state);
        (made.ended, made.since) = (moment(), time());
    }

    function _known(KnownAgreement storage known, Question question, Quote quote)
        private
        returns (KnownRequest storage made)
    {
        requests.push();
        made = requests[requests.length - 1];
        made.terms = Request(known.id, known.terms.controller, question, quote);
        made.id = Verdicts.id(known.id, question.use());
        made.agreementAt = placeOf(known);
        made.asked = moment();
        requestPlace[made.id] = requests.length;
    }

    /// @dev Three times in four the first from a random place on that permits it; a new one if none does.
    function agreementToAskUnder(uint256 seed) internal returns (KnownAgreement storage known) {
        uint256 count = agreements.length;
        bool any = chance(seed, "any agreement", 8);
        for (uint256 i = 0; i < count && !chance(seed, "a new agreement", 4); ++i) {
            known = agreements[(draw(seed, "agreement", 0, count - 1) + i) % count];
            if (any || (mayAskMore(known) && !models[known.modelAt].deprecated)) return known;
        }
        giveAnother(seed);
        return agreements[agreements.length - 1];
    }

    function mayAskMore(KnownAgreement storage known) internal view returns (bool) {
        return permits(known) && nextFree(known) < known.terms.terms.uses;
    }

    function nextFree(KnownAgreement storage known) internal view returns (uint32 use) {
        while (requestPlace[Verdicts.id(known.id, use)] != 0) ++use;
    }

    function placeOf(KnownAgreement storage known) internal view returns (uint256 place) {
        while (!(agreements[place].id == known.id)) ++place;
    }

    /// @dev Seven times in eight the first from a random place on in this state, if there is one.
    function requestIn(uint256 seed, RequestState state) internal view returns (KnownRequest storage made) {
        uint256 count = requests.length;
        uint256 first = draw(seed, "request", 0, count - 1);
        for (uint256 i = 0; i < count && !chance(seed, "any request", 8); ++i) {
            made = requests[(first + i) % count];
            if (made.state == state) return made;
        }
        return requests[first];
    }

    /// @dev Most often one whose agreement was ended.
    function _toRefuse(uint256 seed) private view returns (KnownRequest storage made) {
        uint256 first = draw(seed, "request", 0, requests.length - 1);
        for (uint256 i = 0; i < requests.length && !chance(seed, "any request", 4); ++i) {
            made = requests[(first + i) % requests.length];
            if (made.state == RequestState.Requested && isOver(agreements[made.agreementAt])) return made;
        }
        return requestIn(seed, RequestState.Requested);
    }

    function _refund(KnownRequest storage made, RequestState state) private {
        end(made, state);
        credit(made.terms.quote.currency(), made.terms.controller, made.terms.quote.total());
    }

    function mayAsk(KnownAgreement storage known, Question question) internal view returns (bool) {
        bool free = requestPlace[Verdicts.id(known.id, question.use())] == 0;
        free = free && question.use() < known.terms.terms.uses && question.deadline() >= time() + Questions.MIN_OPEN;
        free = free && question.deadline() <= time() + Questions.MAX_OPEN && question.deadline() < known.end;
        return free && permits(known) && !models[known.modelAt].deprecated;
    }

    function _question(KnownAgreement storage known, uint256 seed) private view returns (Question) {
        uint256 open = chance(seed, "patient", 2) ? 7 days : draw(seed, "deadline", 50, 2 hours);
        // Most often no longer than the agreement.
        if (time() + open >= known.end && time() < known.end && !chance(seed, "beyond", 8)) {
            open = known.end - 1 - time();
        }
        if (chance(seed, "too patient", 16)) open = 7 days + 1;
        return Questions.pack(
            Asked({
                use: nextFree(known),
                deadline: uint40(time() + open),
                purpose: known.purpose,
                step: known.step,
                callback: chance(seed, "no callback", 3) ? 0 : 400,
                delivery: Delivery(draw(seed, "delivery", 0, 1)),
                disclosure: chance(seed, "sealed", 3)
                    ? Disclosure(draw(seed, "disclosure", 0, 2))
                    : Disclosure.Everything,
                modifiers: 0,
                place: 0
            })
        );
    }

    /// @dev Kind 0 is right; only its sender isn't.
    function _malformed(KnownAgreement storage known, uint256 seed, uint256 kind)
        private
        view
        returns (Question question, bool possible)
    {
        uint40 until = known.end > time() + 2 hours ? deadline() : uint40(known.end - 1);
        Asked memory asked_ =
            Asked(nextFree(known), until, known.purpose, known.step, 0, Delivery.Recorded, Disclosure.Everything, 0, 0);
        if (kind == 1) asked_.purpose = Purposes.COUNT;
        if (kind == 2) asked_.step = (asked_.step + 1) % 5;
        if (kind == 3) asked_.use = known.terms.terms.uses;
        if (kind == 5) asked_.deadline = uint40(time() + draw(seed, "too near", 0, 59));
        if (kind == 6 && asked_.use == 0) return (question, false); // nothing was asked that could be asked again
        if (kind == 6) asked_.use -= 1;
        question = Questions.pack(asked_);
        if (kind == 7) {
            question = Question.wrap(Question.unwrap(question) | 1 << draw(seed, "bit", Questions.BITS, 255));
        }
        if (kind == 8) question = question.forRound(asked_.use, uint40(known.end + draw(seed, "beyond", 0, 1)));
        return (question, true);
    }
}
