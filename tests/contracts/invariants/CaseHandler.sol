// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Phase } from "../../../contracts/types/Case.sol";
import { Place } from "../../../contracts/types/Roll.sol";
import { Signers, SignersLib } from "../../../contracts/types/Signers.sol";
import { Testimony } from "../../../contracts/types/Testimony.sol";
import { Recording, RequestState, Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { inClear } from "../base/Verdict.sol";
import { AheadHandler } from "./AheadHandler.sol";
import { CommitteeHandler } from "./CommitteeHandler.sol";
import { KnownCase, KnownOperator, KnownRequest } from "./Ledger.sol";

/// @notice Verdicts are challenged, judged, ruled on, or left; whoever signed a false one loses a penalty and its seat, and whoever
/// contradicts itself a penalty.
abstract contract CaseHandler is AheadHandler, CommitteeHandler {
    function challenge(uint256 seed) external counted {
        challengeOne(seed);
    }

    function judge(uint256 seed) external counted {
        judgeOne(seed);
    }

    /// @dev Without these two a run would rarely come to a ruling.
    function recordAndChallenge(uint256 seed) external counted {
        ask(seed);
        recordOne(seed);
        challengeOne(seed);
    }

    function challengeAndJudge(uint256 seed) external counted {
        ask(seed);
        recordOne(seed);
        challengeOne(seed);
        judgeOne(seed);
        if (chance(seed, "ruled on at once", 2)) ruleOne(seed);
        // Another, of what was signed before somebody was convicted.
        challengeOne(~seed);
        judgeOne(~seed);
    }

    function challengeOne(uint256 seed) internal {
        if (requests.length == 0) return;
        KnownRequest storage made = _contestableIn(seed);
        uint256 bond = chance(seed, "another bond", 12) ? BOND - 1 : BOND;
        bytes memory data = abi.encodeCall(committee.challenge, (recordingOf(made), underOf(made)));
        address sender = anyone(seed);
        bool expected = challengeable(made) && bond == BOND;
        if (contestable(made) && !challengeable(made)) ++succeeded["nobody to judge"];
        if (_attempt("challenge", sender, bond, data, expected)) challenged(made, sender);
    }

    /// @dev That it stands, or that another is right; by those who may, or now and then by one too few, one too many, or a signer.
    function judgeOne(uint256 seed) internal {
        if (requests.length == 0) return;
        KnownRequest storage made = _judgeableIn(seed);
        KnownCase storage it = cases[made.id];
        bool stands = chance(seed, "stands", 3);
        Verdict memory found = stands ? made.verdict : _another(made, seed);
        (uint64 judges, bool sound) = _judges(made, seed);
        bool expected = it.phase == Phase.Open && time() <= it.until && sound && isPossible(made, found);
        expected = expected && _same(found, made.verdict) == stands;
        if (!_attempt("judge", relayer, 0, _judging(made, found, stands, judges), expected)) return;
        if (it.arbiter == address(0)) return _decided(made, found, stands, judges, 0);
        ++succeeded["judge for an arbiter"];
        (it.phase, it.judges, it.until) = (stands ? Phase.Stands : Phase.False, judges, time() + RULING_TIME);
        it.found = found;
    }

    /// @dev A recording that isn't how it was recorded; signatures of another ruling; a verdict that is false and the same.
    function judgeForbidden(uint256 seed) external counted {
        if (requests.length == 0) return;
        KnownRequest storage made = _openIn(seed, Phase.Open, Phase.Open);
        if (made.epoch == 0) return; // nobody ever signed anything about it
        uint256 kind = draw(seed, "kind", 0, 3);
        Recording memory recording = recordingOf(made);
        Verdict memory found = _another(made, seed);
        (uint64 judges,) = _judges(made, seed);
        if (_same(found, made.verdict)) return;
        bytes memory signatures = rulings(recording, found, false, judges);
        if (kind == 0) recording.by = Signers.wrap(Signers.unwrap(recording.by) ^ 1 << draw(seed, "bit", 0, 63));
        if (kind == 1) found.trail = keccak256("another trail");
        if (kind == 2) recording.verdict.trail = keccak256("another trail");
        if (kind == 3) found = recording.verdict;
        bytes memory data = abi.encodeCall(committee.judge, (recording, found, false, judges, signatures));
        _attempt("judgeForbidden", stranger, 0, data, false);
    }

    function rule(uint256 seed) external counted {
        ruleOne(seed);
    }

    function ruleOne(uint256 seed) internal {
        if (requests.length == 0) return;
        KnownRequest storage made = _ruledIn(seed);
        KnownCase storage it = cases[made.id];
        if (it.phase == Phase.Open && chance(seed, "patient", 2)) waitUntil(it.until + 1);
        bool judged = it.phase == Phase.Stands || it.phase == Phase.False;
        bool stands = chance(seed, "stands", 2);
        Verdict memory right = stands ? made.verdict : _another(made, seed);
        if (judged && !stands && chance(seed, "the same", 2)) right = it.found;
        bool due = judged ? time() <= it.until : it.phase == Phase.Open && time() > it.until;
        bool expected = due && time() <= it.until + (judged ? 0 : RULING_TIME) && isPossible(made, right);
        expected = expected && _same(right, made.verdict) == stands && it.arbiter == arbiter;
        address sender = chance(seed, "not the arbiter", 12) ? stranger : arbiter;
        bytes memory data = abi.encodeCall(committee.rule, (recordingOf(made), right, stands));
        if (!_attempt("rule", sender, 0, data, expected && sender == arbiter)) return;
        bool over = judged && (it.phase == Phase.Stands) != stands;
        ++succeeded[over ? "overrule" : judged ? "rule as they did" : "rule in their place"];
        uint64 judges = judged && !over ? it.judges : 0;
        if (judges != 0 && !_same(right, it.found)) ++succeeded["agree, and find another"];
        if (over) {
            it.phase = Phase.Overruled;
            for (uint256 i = 0; i < 64; ++i) {
                if ((it.judges >> i) & 1 == 0) continue;
                creditAt[address(0)] += _take(knownOperator(rollOperators[made.epoch][i]));
            }
        }
        _decided(made, right, stands, judges, over ? it.judges : 0);
    }

    function close(uint256 seed) external counted {
        if (requests.length == 0) return;
        KnownRequest storage made = _openIn(seed, Phase.Open, Phase.False);
        KnownCase storage it = cases[made.id];
        bool judged = it.phase == Phase.Stands || it.phase == Phase.False;
        uint256 until = it.until + (it.phase == Phase.Open && it.arbiter != address(0) ? RULING_TIME : 0);
        if ((judged || it.phase == Phase.Open) && chance(seed, "patient", 2)) waitUntil(until + 1);
        Verdict memory found = chance(seed, "another", 12) ? _another(made, seed) : it.found;
        bool expected = it.phase == Phase.Open || (judged && _same(found, it.found));
        bytes memory data = abi.encodeCall(committee.close, (recordingOf(made), found));
        if (!_attempt("close", stranger, 0, data, expected && time() > until)) return;
        if (judged) {
            ++succeeded["close as judged"];
            return _decided(made, found, it.phase == Phase.Stands, it.judges, 0);
        }
        ++succeeded["close unjudged"];
        it.phase = Phase.Closed;
        openBonds -= BOND;
        _credit(it.challenger, BOND - BOND / 2);
        creditAt[address(0)] += BOND / 2;
        move(made, RequestState.Unjudged);
    }

    function withdrawCredit(uint256 seed) external counted {
        address account = accounts[draw(seed, "account", 0, accounts.length - 1)];
        for (uint256 i = 0; i < accounts.length && !chance(seed, "any account", 8); ++i) {
            address each = accounts[(draw(seed, "account", 0, accounts.length - 1) + i) % accounts.length];
            if (each != address(0) && creditAt[each] != 0) account = each;
        }
        if (account == address(0)) return; // nobody has its key
        uint256 amount = creditAt[account];
        address to = makeAddr("another purse");
        uint256 before = to.balance;
        bytes memory data = abi.encodeCall(committee.withdraw, (to));
        if (!_attempt("withdrawCredit", account, 0, data, amount != 0)) return;
        if (to.balance - before != amount) surprised("withdraw paid another amount");
        creditAt[account] = 0;
        committeeOut += amount;
    }

    /// @dev Two verdicts of one signer: too far apart for an honest one, or not.
    function punishConflict(uint256 seed) external counted {
        // Seldom, or nobody would have a stake any more.
        if (requests.length == 0 || !chance(seed, "seldom", 3)) return;
        KnownRequest storage made = requests[draw(seed, "request", 0, requests.length - 1)];
        address attester = attesters[draw(seed, "attester", 0, attesters.length - 1)];
        Verdict memory one = verdictFor(made, seed);
        Verdict memory two = verdictFor(made, ~seed);
        uint256 score = uint256(one.score);
        if (chance(seed, "close", 3)) two.score = inClear(score > 2000 ? score - 2000 : score + 2000);
        if (chance(seed, "alike", 4)) two.score = one.score;
        KnownOperator storage known = knownOperator(firstOperatorOf[attester]);
        // What was given up was never asked.
        bool expected = made.state != RequestState.Cancelled && _contradict(made, one, two);
        expected = expected && made.epoch > known.convictedIn && known.stake >= PENALTY;
        Testimony memory second = _testimony(made, two, attester);
        bytes memory data = abi.encodeCall(
            committee.punishConflict, (underOf(made), modelOf(made), _testimony(made, one, attester), second)
        );
        if (!_attempt("punishConflict", stranger, 0, data, expected)) return;
        known.convictedIn = epochNumber;
        uint256 amount = _take(known);
        uint256 reward = amount / 2 < BOND ? amount / 2 : BOND;
        _credit(stranger, reward);
        keptAt[epochNumber] += amount - reward;
        address[] memory guilty = new address[](1);
        guilty[0] = known.account;
        _unseat(guilty);
        recover();
    }

    /// @dev By two operators, or by a stranger, or of one testimony.
    function punishForbidden(uint256 seed) external counted {
        if (requests.length == 0) return;
        KnownRequest storage made = requests[draw(seed, "request", 0, requests.length - 1)];
        address attester = attesters[draw(seed, "attester", 0, attesters.length - 1)];
        address another = attesters[draw(seed, "another", 0, attesters.length - 1)];
        Testimony memory first = _testimony(made, verdictFor(made, seed), attester);
        Testimony memory second = _testimony(made, verdictFor(made, ~seed), another);
        if (firstOperatorOf[attester] == firstOperatorOf[another]) {
            second.signature = seed % 2 == 0 ? sign(strangerKey, bytes32(seed)) : first.signature;
        }
        bytes memory data = abi.encodeCall(committee.punishConflict, (underOf(made), modelOf(made), first, second));
        _attempt("punishForbidden", relayer, 0, data, false);
    }

    // What a ruling leads to

    function _decided(KnownRequest storage made, Verdict memory right, bool stands, uint64 judges, uint64 overruled)
        private
    {
        KnownCase storage it = cases[made.id];
        if (it.phase != Phase.Overruled) it.phase = Phase.Closed;
        uint256 pay = BOND;
        uint64 guilty = overruled;
        if (!stands) {
            (uint64 convicted, uint256 share) = _convict(made);
            guilty |= convicted;
            // The challenger is whole before a judge has anything.
            if (share < BOND) (share, pay) = (BOND, share);
            _credit(it.challenger, share);
        }
        _pay(made, judges, it.arbiter, pay);
        openBonds -= BOND;
        if (it.arbiter != address(0) && !_same(right, it.found)) judges = 0;
        if (guilty != 0) {
            address[] memory accused = new address[](64);
            for (uint256 i = 0; i < 64; ++i) {
                if ((guilty >> i) & 1 == 1) accused[i] = rollOperators[made.epoch][i];
            }
            _unseat(accused);
        }
        if (stands) {
            move(made, RequestState.Upheld);
            ++succeeded["uphold"];
        } else {
            move(made, RequestState.Corrected);
            (made.verdict, made.since, made.undelivered) = (right, time(), false);
            made.by = SignersLib.pack(made.epoch, judges);
            ++succeeded[made.terms.question.disclosure() < 2 ? "correct what is sealed" : "correct"];
            if (made.terms.question.callback() != 0) deliver(made);
        }
        recover();
    }

    /// @dev A penalty of each signer, once for all that it signed until it was convicted.
    /// @return convicted Who wasn't before.
    /// @return share The challenger's: twice a quarter of it, or twice a bond; or a bond out of what is left of what those lost before.
    function _convict(KnownRequest storage made) private returns (uint64 convicted, uint256 share) {
        uint256 amount = 0;
        uint32 last = 0;
        for (uint256 i = 0; i < 64; ++i) {
            if ((made.signers >> i) & 1 == 0) continue;
            KnownOperator storage known = knownOperator(rollOperators[made.epoch][i]);
            if (made.epoch <= known.convictedIn) {
                ++succeeded["convicted again"];
                if (known.convictedIn > last) last = known.convictedIn;
                continue;
            }
            convicted |= uint64(1 << i);
            known.convictedIn = epochNumber;
            amount += _take(known);
        }
        if (convicted != 0) {
            share = amount / 4 < BOND ? 2 * (amount / 4) : 2 * uint256(BOND);
            keptAt[epochNumber] += amount - share;
        } else {
            share = keptAt[last] < BOND ? keptAt[last] : BOND;
            keptAt[last] -= share;
        }
    }

    function _take(KnownOperator storage known) private returns (uint256 amount) {
        amount = known.stake < PENALTY ? known.stake : PENALTY;
        known.stake -= amount;
    }

    /// @dev C12: the same to each judge, whatever they found.
    function _pay(KnownRequest storage made, uint64 judges, address arbiter_, uint256 amount) private {
        if (judges == 0) return _credit(arbiter_, amount);
        uint256 each = amount / popCount(judges);
        for (uint256 i = 0; i < 64; ++i) {
            if ((judges >> i) & 1 == 1) _credit(rollOperators[made.epoch][i], each);
        }
        creditAt[address(0)] += amount - each * popCount(judges);
    }

    /// @dev Those who are guilty go behind all others on the roll, or out of it with less than a penalty. Whatever was signed before is over.
    function _unseat(address[] memory guilty) private {
        address[] memory roll = rollOperators[epochNumber];
        address[] memory last = new address[](roll.length);
        uint256 count = 0;
        uint256 gone = 0;
        for (uint256 i = 0; i < guilty.length; ++i) {
            for (uint256 j = 0; guilty[i] != address(0) && j < roll.length; ++j) {
                if (roll[j] != guilty[i]) continue;
                KnownOperator storage known = knownOperator(roll[j]);
                if (known.stake >= PENALTY) last[count++] = roll[j];
                else (known.place, known.lastEpoch) = (Place.Out, epochNumber);
                roll[j] = address(0);
                ++gone;
            }
        }
        bool wasLast = false;
        for (uint256 i = 0; i < guilty.length; ++i) {
            if (guilty[i] != address(0) && knownOperator(guilty[i]).lastEpoch + 1 == epochNumber) wasLast = true;
        }
        if (gone == 0 && !wasLast) {
            ++succeeded["convict who is long gone"];
            return;
        }
        address[] memory next = new address[](roll.length - gone + count);
        uint256 size = 0;
        for (uint256 i = 0; i < roll.length; ++i) {
            if (roll[i] != address(0)) next[size++] = roll[i];
        }
        for (uint256 i = 0; i < count; ++i) {
            next[size++] = last[i];
        }
        hasFormed(next, 0);
    }

    function _credit(address account, uint256 amount) private {
        creditAt[account] += amount;
        knowAccount(account);
    }

    // Draws

    function _judging(KnownRequest storage made, Verdict memory found, bool stands, uint64 judges)
        private
        view
        returns (bytes memory)
    {
        Recording memory recording = recordingOf(made);
        bytes memory signatures = made.epoch == 0 ? bytes("") : rulings(recording, found, stands, judges);
        return abi.encodeCall(committee.judge, (recording, found, stands, judges, signatures));
    }

    /// @dev C3: exactly as many as decide, each on the roll of its epoch, none a signer, each with a penalty at stake.
    function _judges(KnownRequest storage made, uint256 seed) private view returns (uint64 judges, bool sound) {
        uint256 size = rollOperators[made.epoch].length;
        if (size == 0) return (0, false);
        uint256 wanted = size / 2 + 1;
        uint256 first = draw(seed, "judge", 0, size - 1);
        uint256 kind = draw(seed, "judges", 0, 15);
        if (kind == 0) --wanted;
        if (kind == 1 && wanted < size) ++wanted;
        for (uint256 i = 0; i < size && popCount(judges) < wanted; ++i) {
            uint256 place = (first + i) % size;
            if (kind == 2 || _mayJudge(made, place)) judges |= uint64(1 << place);
        }
        sound = popCount(judges) == size / 2 + 1;
        for (uint256 i = 0; i < size; ++i) {
            if ((judges >> i) & 1 == 1) sound = sound && _mayJudge(made, i);
        }
    }

    function _mayJudge(KnownRequest storage made, uint256 place) private view returns (bool) {
        if ((made.signers >> place) & 1 == 1) return false;
        return knownOperator(rollOperators[made.epoch][place]).stake >= PENALTY;
    }

    /// @dev Now and then one that the model can't have.
    function _another(KnownRequest storage made, uint256 seed) private view returns (Verdict memory verdict) {
        verdict = verdictFor(made, uint256(keccak256(abi.encode(seed, "right"))));
        if (!chance(seed, "impossible", 16)) return verdict;
        verdict.score = inClear(made.terms.question.disclosure() > 1 ? 1_000_001 : 1_000_000);
    }

    function _same(Verdict memory one, Verdict memory other) private pure returns (bool) {
        return keccak256(abi.encode(one)) == keccak256(abi.encode(other));
    }

    /// @return Whether no honest operator would sign both: too far apart, or two outcomes of one score. Of what is sealed nothing is known.
    function _contradict(KnownRequest storage made, Verdict memory one, Verdict memory two)
        private
        view
        returns (bool)
    {
        (uint256 first, uint256 second) = (uint256(one.score), uint256(two.score));
        if (first > 1_000_000 || second > 1_000_000) return false;
        uint256 apart = first > second ? first - second : second - first;
        return apart > 2 * uint256(modelOf(made).tolerance) || (apart == 0 && one.outcome != two.outcome);
    }

    /// @dev A report of one, signed as of the epoch that recorded it: what an operator may have signed at any time.
    function _testimony(KnownRequest storage made, Verdict memory verdict, address attester)
        private
        view
        returns (Testimony memory)
    {
        bytes32 report = Verdicts.hashReport(made.epoch, 1, leafOf(made.terms, verdict));
        bytes memory signature = sign(keyOf[attester], report);
        return Testimony(made.terms, verdict, new bytes32[](0), made.epoch, 1, signature);
    }

    /// @dev Most often one that can be challenged.
    function _contestableIn(uint256 seed) private view returns (KnownRequest storage made) {
        uint256 first = draw(seed, "request", 0, requests.length - 1);
        for (uint256 i = 0; i < requests.length && !chance(seed, "any request", 6); ++i) {
            made = requests[(first + i) % requests.length];
            if (chance(seed, "by nobody", 4) ? contestable(made) : challengeable(made)) return made;
        }
        return requestIn(seed, RequestState.Recorded);
    }

    /// @dev Most often one on which the bench has time.
    function _judgeableIn(uint256 seed) private view returns (KnownRequest storage made) {
        uint256 first = draw(seed, "request", 0, requests.length - 1);
        for (uint256 i = 0; i < requests.length && !chance(seed, "any request", 6); ++i) {
            made = requests[(first + i) % requests.length];
            if (cases[made.id].phase == Phase.Open && time() <= cases[made.id].until) return made;
        }
        return _openIn(seed, Phase.Open, Phase.Open);
    }

    /// @dev Most often the first from a random place on whose case is in one of these phases.
    function _openIn(uint256 seed, Phase least, Phase most) private view returns (KnownRequest storage made) {
        uint256 first = draw(seed, "request", 0, requests.length - 1);
        for (uint256 i = 0; i < requests.length && !chance(seed, "any request", 8); ++i) {
            made = requests[(first + i) % requests.length];
            Phase phase = cases[made.id].phase;
            if (phase >= least && phase <= most) return made;
        }
        return requestIn(seed, RequestState.Challenged);
    }

    /// @dev Most often one whose model names the arbiter.
    function _ruledIn(uint256 seed) private view returns (KnownRequest storage made) {
        uint256 first = draw(seed, "request", 0, requests.length - 1);
        for (uint256 i = 0; i < requests.length && !chance(seed, "any request", 8); ++i) {
            made = requests[(first + i) % requests.length];
            KnownCase storage it = cases[made.id];
            bool judged = it.phase == Phase.Stands || it.phase == Phase.False;
            if (it.arbiter == address(0) || !(judged || it.phase == Phase.Open)) continue;
            if (!chance(seed, "judged", 2) || (judged && time() <= it.until)) return made;
        }
        return requestIn(seed, RequestState.Challenged);
    }
}
