// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { StandingId } from "../../../contracts/types/Ids.sol";
import { Asked, Delivery, Disclosure, Question, Questions } from "../../../contracts/types/Question.sol";
import { Quote } from "../../../contracts/types/Quote.sol";
import { Schedule, StandingRequest, Standings, Under } from "../../../contracts/types/Standing.sol";
import { Verdicts } from "../../../contracts/types/Verdict.sol";
import { KnownAgreement, KnownStanding } from "./Ledger.sol";
import { RequestHandler } from "./RequestHandler.sol";

/// @notice Standing requests are made, their rounds opened in time, late or never, and they end.
abstract contract StandingHandler is RequestHandler {
    function stand(uint256 seed) external counted {
        _stand(seed);
    }

    function openRound(uint256 seed) external counted {
        _openRound(seed);
    }

    /// @dev Without this a run would rarely come to a round.
    function standAndOpen(uint256 seed) external counted {
        _stand(seed);
        _openRound(seed);
        _openRound(~seed);
    }

    function _stand(uint256 seed) private {
        KnownAgreement storage known = agreementToAskUnder(seed);
        Schedule memory schedule = _schedule(seed);
        Question question = _standingQuestion(known, seed, schedule.rounds);
        (StandingRequest memory standing, uint256 price) = _standing(known, question, schedule);
        uint256 value = standing.quote.currency() == 0 && chance(seed, "ether", 2) ? price : 0;
        bool expected = _mayStand(known, question, schedule);
        if (value == 0) {
            if (!chance(seed, "unfunded", 8)) fund(standing.controller, standing.quote.currency(), price);
            expected = expected && owed[standing.quote.currency()][standing.controller] >= price;
        }
        Under[] memory under = new Under[](1);
        under[0] = Under(known.source, known.terms.terms);
        bytes memory data = abi.encodeCall(assent.stand, (under, question, schedule));
        if (!attempt("stand", standing.controller, value, data, expected)) return;
        if (value == 0) owed[standing.quote.currency()][standing.controller] -= price;
        _stands(known, standing);
    }

    /// @dev Two agreements of one controller at once: both stand or none.
    function standUnderTwo(uint256 seed) external counted {
        KnownAgreement storage one = agreementToAskUnder(seed);
        if (chance(seed, "a new one", 2)) giveAlike(one, seed);
        KnownAgreement storage two = _another(one);
        Schedule memory schedule = _schedule(seed);
        Question question = _standingQuestion(one, seed, schedule.rounds);
        (StandingRequest memory first, uint256 price) = _standing(one, question, schedule);
        (StandingRequest memory second, uint256 secondPrice) = _standing(two, question, schedule);
        uint32 currency = first.quote.currency();
        fund(first.controller, currency, price + secondPrice);
        Under[] memory under = new Under[](2);
        under[0] = Under(one.source, one.terms.terms);
        under[1] = Under(two.source, two.terms.terms);
        bool expected = _mayStand(one, question, schedule) && _mayStand(two, question, schedule);
        expected = expected && _sameQuestion(one, two) && second.quote.currency() == currency;
        bytes memory data = abi.encodeCall(assent.stand, (under, question, schedule));
        if (!attempt("standUnderTwo", first.controller, 0, data, expected)) return;
        owed[currency][first.controller] -= price + secondPrice;
        _stands(one, first);
        _stands(two, second);
    }

    /// @dev The same again, whatever became of it.
    function standAgain(uint256 seed) external counted {
        if (standings.length == 0) return;
        KnownStanding storage known = standings[draw(seed, "standing", 0, standings.length - 1)];
        StandingRequest memory terms = known.terms;
        KnownAgreement storage under_ = agreements[known.agreementAt];
        fund(terms.controller, terms.quote.currency(), terms.quote.total() * terms.schedule.rounds);
        Under[] memory under = new Under[](1);
        under[0] = Under(under_.source, under_.terms.terms);
        bytes memory data = abi.encodeCall(assent.stand, (under, terms.question, terms.schedule));
        attempt("standAgain", terms.controller, 0, data, false);
    }

    function _openRound(uint256 seed) private {
        if (standings.length == 0) return;
        KnownStanding storage known = _standingIn(seed);
        Schedule memory schedule = known.terms.schedule;
        uint32 round = chance(seed, "any round", 6) ? uint32(draw(seed, "round", 0, 4)) : _nextRound(known);
        if (chance(seed, "patient", 2)) _waitForRound(schedule, round);
        KnownAgreement storage under = agreements[known.agreementAt];
        uint32 use = known.terms.question.use() + round;
        bool expected = known.active && _isDue(known, round) && stands(under) && time() + 1 minutes < under.end;
        expected = expected && requestPlace[Verdicts.id(under.id, use)] == 0;
        bytes memory data = abi.encodeCall(assent.openRound, (known.terms, round));
        if (!attempt("openRound", relayer, 0, data, expected)) return;
        (known.opened, known.next) = (known.opened + 1, round + 1);
        uint40 until = uint40(time() + schedule.window);
        if (until >= under.end) until = uint40(under.end - 1);
        opened(under, known.terms.question.forRound(use, until), known.terms.quote);
    }

    function endStanding(uint256 seed) external counted {
        if (standings.length == 0) return;
        KnownStanding storage known = _standingIn(seed);
        bool byController = chance(seed, "by controller", 3);
        address sender = byController ? known.terms.controller : stranger;
        bool expected = known.active && (byController || _isOver(known));
        bytes memory data = abi.encodeCall(assent.endStanding, (known.terms));
        if (!attempt("endStanding", sender, 0, data, expected)) return;
        (known.active, known.next) = (false, known.terms.schedule.rounds);
        uint256 rounds = known.terms.schedule.rounds - known.opened;
        credit(known.terms.quote.currency(), known.terms.controller, rounds * known.terms.quote.total());
    }

    function _stands(KnownAgreement storage known, StandingRequest memory standing) private {
        standings.push();
        KnownStanding storage made = standings[standings.length - 1];
        (made.terms, made.id, made.active) = (standing, Standings.id(standing), true);
        made.agreementAt = placeOf(known);
    }

    function _standing(KnownAgreement storage known, Question question, Schedule memory schedule)
        private
        view
        returns (StandingRequest memory standing, uint256 price)
    {
        Quote quote = quoteOf(known);
        standing = StandingRequest(known.id, known.terms.controller, question, quote, schedule);
        price = quote.total() * schedule.rounds;
    }

    /// @dev The last uses: single requests take the first.
    function _standingQuestion(KnownAgreement storage known, uint256 seed, uint32 rounds)
        private
        view
        returns (Question)
    {
        uint32 uses = known.terms.terms.uses;
        uint32 use = uses > rounds ? uses - rounds : nextFree(known);
        uint16 callback = chance(seed, "no callback", 3) ? 0 : 400;
        Delivery delivery = Delivery(draw(seed, "delivery", 0, 1));
        return Questions.pack(Asked(use, 0, known.purpose, known.step, callback, delivery, Disclosure.Everything, 0, 0));
    }

    function _schedule(uint256 seed) private view returns (Schedule memory) {
        bool inBlocks = chance(seed, "in blocks", 3);
        uint256 early = inBlocks ? vm.getBlockNumber() - 50 : time() - 1000;
        return Schedule({
            // Sometimes so that rounds are over when it is made.
            start: uint40(early + draw(seed, "start", 0, inBlocks ? 300 : 4000)),
            interval: uint32(chance(seed, "no interval", 16) ? 0 : draw(seed, "interval", 1, inBlocks ? 100 : 3600)),
            rounds: uint32(chance(seed, "no round", 16) ? 0 : draw(seed, "rounds", 1, 3)),
            window: uint32(chance(seed, "too short a window", 16) ? 59 : draw(seed, "window", 60, 7200)),
            inBlocks: inBlocks,
            catchUp: chance(seed, "catch up", 2)
        });
    }

    function _mayStand(KnownAgreement storage known, Question question, Schedule memory schedule)
        private
        view
        returns (bool)
    {
        if (schedule.interval == 0 || schedule.rounds == 0 || schedule.window < 60) return false;
        bool enough = uint256(question.use()) + schedule.rounds <= known.terms.terms.uses;
        return enough && permits(known) && !models[known.modelAt].deprecated && _isNew(known, question, schedule);
    }

    function _isNew(KnownAgreement storage known, Question question, Schedule memory schedule)
        private
        view
        returns (bool)
    {
        (StandingRequest memory standing,) = _standing(known, question, schedule);
        bytes32 id = StandingId.unwrap(Standings.id(standing));
        for (uint256 i = 0; i < standings.length; ++i) {
            if (StandingId.unwrap(standings[i].id) == id) return false;
        }
        return true;
    }

    function _sameQuestion(KnownAgreement storage one, KnownAgreement storage two) private view returns (bool) {
        return one.purpose == two.purpose && one.step == two.step && one.terms.controller == two.terms.controller
            && !(one.id == two.id);
    }

    /// @return two The latest other agreement to which the same question can be put now, or else the latest.
    function _another(KnownAgreement storage one) private view returns (KnownAgreement storage two) {
        for (uint256 i = agreements.length; i > 0; --i) {
            two = agreements[i - 1];
            if (_sameQuestion(one, two) && permits(two) && quoteOf(one).currency() == quoteOf(two).currency()) {
                return two;
            }
        }
        return agreements[agreements.length - 1];
    }

    /// @dev Most often the first from a random place on that is active.
    function _standingIn(uint256 seed) private view returns (KnownStanding storage known) {
        uint256 first = draw(seed, "standing", 0, standings.length - 1);
        for (uint256 i = 0; i < standings.length && !chance(seed, "any standing", 8); ++i) {
            known = standings[(first + i) % standings.length];
            if (known.active) return known;
        }
        return standings[first];
    }

    function _due(Schedule memory schedule, uint256 round) private pure returns (uint256) {
        return schedule.start + round * schedule.interval;
    }

    function _clock(Schedule memory schedule) private view returns (uint256) {
        return schedule.inBlocks ? vm.getBlockNumber() : time();
    }

    function _isDue(KnownStanding storage known, uint32 round) private view returns (bool) {
        Schedule memory schedule = known.terms.schedule;
        if (round < known.next || round >= schedule.rounds || _clock(schedule) < _due(schedule, round)) return false;
        return schedule.catchUp ? round == known.next : _clock(schedule) < _due(schedule, round + 1);
    }

    /// @return The round that is due now, or the next to be.
    function _nextRound(KnownStanding storage known) private view returns (uint32) {
        Schedule memory schedule = known.terms.schedule;
        if (schedule.catchUp || _clock(schedule) < _due(schedule, known.next + 1)) return known.next;
        return uint32((_clock(schedule) - schedule.start) / schedule.interval);
    }

    function _isOver(KnownStanding storage known) private view returns (bool) {
        Schedule memory schedule = known.terms.schedule;
        KnownAgreement storage under = agreements[known.agreementAt];
        if (known.next >= schedule.rounds || isOver(under)) return true;
        return _clock(schedule) >= _due(schedule, schedule.rounds) && (!schedule.catchUp || time() >= under.end);
    }

    function _waitForRound(Schedule memory schedule, uint32 round) private {
        uint256 number = _due(schedule, round);
        if (!schedule.inBlocks) return waitUntil(number);
        if (number <= vm.getBlockNumber()) return;
        vm.warp(time() + 12 * (number - vm.getBlockNumber()));
        vm.roll(number);
    }
}
