// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Vm } from "forge-std/Vm.sol";

import { ITreasury } from "../../../contracts/interfaces/ITreasury.sol";
import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { Challenges, Reference, Testimony } from "../../../contracts/types/Challenge.sol";
import { PoolId, RequestId } from "../../../contracts/types/Ids.sol";
import { Operators, Policy } from "../../../contracts/types/Operator.sol";
import { Pools } from "../../../contracts/types/Pool.sol";
import { Asked, Delivery, Disclosure, Question, Questions } from "../../../contracts/types/Question.sol";
import { Steps } from "../../../contracts/types/Scope.sol";
import { Signers, SignersLib } from "../../../contracts/types/Signers.sol";
import { Schedule, StandingRequest, Under } from "../../../contracts/types/Standing.sol";
import { Answer, Attestation, Recording, Request, Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { verdictOf } from "../base/Verdict.sol";
import { HostileBooks } from "./HostileBooks.sol";

/// @notice A committee that signs any digest whatever, and everybody who brings such to the contract: roots that are numbers, ids or leaves,
/// verdicts of others' requests, reviews, decisions. No call is expected to succeed, none to fail: only the books must balance.
/// @dev Every act takes one seed, from which it draws all that it does.
contract HostileHandler is HostileBooks {
    /// Answers that a root was anchored for as its only leaf.
    Answer[] private _promised;
    bytes32[] private _roots;
    mapping(RequestId id => uint256 place) private _placeOf;

    mapping(string act => uint256 times) public succeeded;
    mapping(string act => uint256 times) public refused;

    constructor() {
        setUp();
        // Operators sign with their attesters' keys, those to come as well.
        for (uint256 i = 0; i < OPERATORS; ++i) {
            (address attester, uint256 key) = attesterAt(i);
            keyOf[attester] = key;
        }
    }

    function acts() public pure returns (string[] memory) {
        return vm.split(
            string.concat(
                "ask standAndOpen anchorAnything anchorAnswer claimAnything claimPromised recordAnything ",
                "recordAndCollect recordManyOfAny collectAnything challenge reviewAnything lapse punishAnything ",
                "decideAnything moveOperators close settle withdrawBalance endAndGive wait"
            ),
            " "
        );
    }

    function selectors() external pure returns (bytes4[] memory list) {
        string[] memory names = acts();
        list = new bytes4[](names.length);
        for (uint256 i = 0; i < names.length; ++i) {
            list[i] = bytes4(keccak256(bytes(string.concat(names[i], "(uint256)"))));
        }
    }

    // Who asks

    function ask(uint256 seed) public {
        Under_ storage under = given[draw(seed, "under", 0, given.length - 1)];
        uint32 use = assent.nextUse(hasher.agreementId(under.agreement), 0);
        Question question = _question(seed, use, uint40(vm.getBlockTimestamp() + draw(seed, "open", 0, 7 days)));
        bytes memory data = abi.encodeCall(assent.request, (under.source, under.agreement.terms, question));
        _act("ask", controller, 0, data);
    }

    function standAndOpen(uint256 seed) external {
        Under_ storage under = given[draw(seed, "under", 0, given.length - 1)];
        uint32 use = 50 + uint32(standings.length % 40);
        Under[] memory one = new Under[](1);
        one[0] = Under(under.source, under.agreement.terms);
        Schedule memory schedule =
            Schedule(uint40(vm.getBlockTimestamp()), 1 days, uint32(draw(seed, "rounds", 1, 3)), 1 hours, false, true);
        Question question = _question(seed, use, 0);
        if (_act("standAndOpen", controller, 0, abi.encodeCall(assent.stand, (one, question, schedule)))) {
            standings.push(
                StandingRequest(hasher.agreementId(under.agreement), controller, question, under.quote, schedule)
            );
        }
        if (standings.length == 0) return;
        StandingRequest memory standing = standings[draw(seed, "standing", 0, standings.length - 1)];
        bytes memory data = abi.encodeCall(assent.openRound, (standing, uint32(draw(seed, "round", 0, 2))));
        if (chance(seed, "end", 4)) data = abi.encodeCall(assent.endStanding, (standing));
        _act("open or end", controller, 0, data);
    }

    // What the committee signs

    function anchorAnything(uint256 seed) external {
        bytes32 root = _anyWord(seed);
        uint32 count = uint32(draw(seed, "count", 0, 2));
        uint8 quorum = uint8(draw(seed, "quorum", 0, 3));
        address currency = currencies[draw(seed, "currency", 0, TOKENS)];
        Attestation memory signed = _sign(seed, count, root);
        _act("anchorAnything", stranger, 0, abi.encodeCall(assent.anchor, (root, count, currency, quorum, signed)));
        _roots.push(root);
    }

    /// @dev A root that is one answer's leaf, for its own currency or another.
    function anchorAnswer(uint256 seed) external {
        if (requests.length == 0) return;
        ask(seed);
        Answer memory answer = Answer(_anyRequest(seed), _anyVerdict(seed));
        bytes32 root = leafOf(answer.request, answer.verdict);
        uint32 currency = answer.request.quote.currency();
        if (chance(seed, "another currency", 4)) currency = uint32(draw(seed, "currency", 0, TOKENS));
        bytes memory data = abi.encodeCall(
            assent.anchor, (root, 1, currencies[currency], answer.request.quote.quorum(), _sign(seed, 1, root))
        );
        if (_act("anchorAnswer", stranger, 0, data)) _promised.push(answer);
    }

    function claimAnything(uint256 seed) external {
        if (requests.length == 0) return;
        bytes32[] memory proof = new bytes32[](draw(seed, "depth", 0, 2));
        for (uint256 i = 0; i < proof.length; ++i) {
            proof[i] = _anyWord(seed ^ i);
        }
        _act("claimAnything", stranger, 0, abi.encodeCall(assent.claim, (_anyRequest(seed), _anyVerdict(seed), proof)));
    }

    function claimPromised(uint256 seed) external {
        if (_promised.length == 0) return;
        uint256 last = _promised.length - 1;
        Answer memory answer = _promised[draw(seed, "promise", last < 3 ? 0 : last - 3, last)];
        bytes memory data = abi.encodeCall(assent.claim, (answer.request, answer.verdict, new bytes32[](0)));
        _act("claimPromised", stranger, 0, data);
    }

    function recordAnything(uint256 seed) public {
        if (requests.length == 0) return;
        Request memory request = _anyRequest(seed);
        Verdict memory verdict = _anyVerdict(seed);
        Attestation memory signed = _sign(seed, 1, leafOf(request, verdict));
        _act("recordAnything", stranger, 0, abi.encodeCall(assent.record, (request, verdict, signed)));
    }

    /// @dev The way by which a fee in one currency would be had in another.
    function recordAndCollect(uint256 seed) external {
        ask(seed);
        recordAnything(seed);
        uint32 currency = uint32(draw(seed, "currency", 0, TOKENS));
        PoolId pool = Pools.id(SignersLib.pack(assent.currentEpoch().number, _signers(seed)), currency);
        for (uint256 i = 0; i < 3; ++i) {
            _act("recordAndCollect", stranger, 0, abi.encodeCall(assent.collect, (pool, i)));
        }
    }

    function recordManyOfAny(uint256 seed) external {
        if (requests.length == 0) return;
        Answer[] memory answers = new Answer[](draw(seed, "answers", 1, 4));
        bytes32[] memory leaves = new bytes32[](answers.length);
        for (uint256 i = 0; i < answers.length; ++i) {
            uint256 own = uint256(keccak256(abi.encode(seed, i)));
            answers[i] = Answer(_anyRequest(own), _anyVerdict(own));
            leaves[i] = leafOf(answers[i].request, answers[i].verdict);
        }
        Attestation memory signed = _sign(seed, uint32(answers.length), hasher.root(leaves));
        _act("recordManyOfAny", stranger, 0, abi.encodeCall(assent.recordMany, (answers, signed)));
    }

    function collectAnything(uint256 seed) external {
        PoolId pool = PoolId.wrap(_anyWord(seed));
        if (pools.length != 0 && !chance(seed, "any pool", 4)) pool = pools[draw(seed, "pool", 0, pools.length - 1)];
        bytes memory data = abi.encodeCall(assent.collect, (pool, draw(seed, "index", 0, 5)));
        _act("collectAnything", stranger, 0, data);
    }

    function challenge(uint256 seed) public {
        if (requests.length == 0) return;
        RequestId id = ids[_place(seed)];
        _act("challenge", stranger, BOND, abi.encodeCall(assent.challenge, (id)));
    }

    function reviewAnything(uint256 seed) external {
        if (requests.length == 0) return;
        challenge(seed);
        uint256 place = _place(seed);
        Verdict memory found = _anyVerdict(~seed);
        uint32 epoch = _epoch(seed);
        bytes32 digest = keccak256(
            abi.encode(Challenges.REVIEW_TYPEHASH, epoch, ids[place], found.outcome, found.score, found.trail)
        );
        (Reference memory about, uint32 currency) = _refer(place);
        Recording memory recording = recordingOf(ids[place]);
        if (chance(seed, "any recording", 4)) {
            recording = Recording(_anyRequest(seed), _anyVerdict(seed), Signers.wrap(seed));
        }
        Attestation memory signed = attestReport(epoch, digest, _signers(seed) | 3);
        Under memory under = Under(about.source, about.terms);
        bytes memory data = abi.encodeCall(assent.review, (recording, under, versions[currency], found, signed));
        _act("reviewAnything", stranger, 0, data);
    }

    function lapse(uint256 seed) external {
        if (requests.length == 0) return;
        challenge(seed);
        if (chance(seed, "late", 2)) skip(REVIEW_TIME + 1);
        RequestId id = ids[_place(seed)];
        _act("lapse", stranger, 0, abi.encodeCall(assent.lapse, (id)));
    }

    function punishAnything(uint256 seed) external {
        // Seldom, or nobody would have a stake any more.
        if (requests.length == 0 || !chance(seed, "seldom", 3)) return;
        uint256 place = _place(seed);
        (, uint256 key) = attesterAt(draw(seed, "operator", 0, 2));
        Testimony memory first = _testify(place, _anyVerdict(seed), key);
        Testimony memory second = _testify(place, _anyVerdict(~seed), key);
        (Reference memory about, uint32 currency) = _refer(place);
        bytes memory data = abi.encodeCall(assent.punishConflict, (about, versions[currency], first, second));
        if (chance(seed, "correction", 3)) data = abi.encodeCall(assent.punish, (first));
        _act("punishAnything", relayer, 0, data);
    }

    /// @dev Who is jailed comes back; a policy that can't be met would end the walk.
    function decideAnything(uint256 seed) external {
        uint32 epoch = _epoch(seed);
        uint256 until = vm.getBlockTimestamp() + draw(seed, "until", 0, 1 hours);
        address operator = operatorIn(draw(seed, "operator", 0, OPERATORS - 1));
        Attestation memory signed = attestReport(epoch, Operators.hashJailing(epoch, operator, until), 7);
        bytes memory data = abi.encodeCall(assent.jail, (operator, until, signed));
        if (chance(seed, "policy", 2)) {
            uint96 stake = uint96(draw(seed, "stake", PENALTY, STAKE));
            Policy memory policy =
                Policy(stake, 3, uint40(draw(seed, "unbonding", 9 days, 20 days)), 1 hours, 10 minutes);
            signed = attestReport(epoch, hasher.amendment(epoch, policy, until), 7);
            data = abi.encodeCall(assent.schedulePolicy, (policy, until, signed));
            _act("apply", stranger, 0, abi.encodeCall(assent.applyPolicy, ()));
        }
        _act("decideAnything", stranger, 0, data);
        _act("release", stranger, 0, abi.encodeCall(assent.release, (operator)));
    }

    // What else goes on

    function moveOperators(uint256 seed) external {
        uint256 place = draw(seed, "operator", 0, OPERATORS - 1);
        address operator = operatorIn(place);
        uint256 kind = draw(seed, "kind", 0, 3);
        if (kind == 0) _act("join", operator, STAKE, _joining(place));
        if (kind == 1 && place > 2) _act("resign", operator, 0, abi.encodeCall(assent.resign, ()));
        if (kind == 2) _act("take stake", operator, 0, abi.encodeCall(assent.withdrawStake, ()));
        if (kind == 3) _act("add stake", operator, STAKE, abi.encodeCall(assent.addStake, (operator)));
        _act("moveOperators", stranger, 0, abi.encodeCall(assent.rotate, ()));
    }

    function close(uint256 seed) external {
        if (requests.length == 0) return;
        Request memory request = _anyRequest(seed);
        bytes memory data = chance(seed, "expire", 2)
            ? abi.encodeCall(assent.expire, (request))
            : abi.encodeCall(assent.refuse, (request));
        _act("close", stranger, 0, data);
    }

    function settle(uint256 seed) external {
        Under_ storage under = given[draw(seed, "under", 0, given.length - 1)];
        uint32 currency = under.quote.currency();
        _act("settle", stranger, 0, abi.encodeCall(assent.settle, (under.agreement, versions[currency])));
    }

    /// @dev The victim leaves its deposits where they are.
    function withdrawBalance(uint256 seed) external {
        address account = accounts[draw(seed, "account", 2, accounts.length - 1)];
        address currency = currencies[draw(seed, "currency", 0, TOKENS)];
        if (account == controller) return;
        _act("withdrawBalance", account, 0, abi.encodeCall(assent.withdrawBalance, (currency, account)));
    }

    function endAndGive(uint256 seed) external {
        if (!chance(seed, "seldom", 4)) return;
        Under_ storage under = given[draw(seed, "under", 0, given.length - 1)];
        bool byHolder = chance(seed, "by the holder", 2);
        bytes memory data = byHolder
            ? abi.encodeCall(assent.invalidate, (under.agreement))
            : abi.encodeCall(assent.withdraw, (under.agreement));
        uint32 currency = under.quote.currency();
        if (_act("endAndGive", byHolder ? holder : subject, 0, data)) giveFor(currency, given.length);
    }

    function wait(uint256 seed) external {
        skip(chance(seed, "long", 8) ? draw(seed, "days", 1 days, 9 days) : draw(seed, "time", 1, 1 hours));
        ++succeeded["wait"];
    }

    // Calls

    function _act(string memory name, address sender, uint256 value, bytes memory data) private returns (bool success) {
        if (value != 0) vm.deal(sender, sender.balance + value);
        vm.recordLogs();
        vm.prank(sender);
        (success,) = address(assent).call{ value: value }(data);
        Vm.Log[] memory logs = vm.getRecordedLogs(); // also those of a call that was undone
        for (uint256 i = 0; success && i < logs.length; ++i) {
            if (logs[i].emitter == address(assent)) _note(logs[i]);
        }
        if (success) ++succeeded[name];
        else ++refused[name];
    }

    function _note(Vm.Log memory entry) private {
        bytes32 topic = entry.topics[0];
        if (topic == IVerdictOracle.PoolOpened.selector) _know(PoolId.wrap(entry.topics[1]));
        if (topic == IVerdictOracle.Anchored.selector) {
            (PoolId pool,) = abi.decode(entry.data, (PoolId, uint32));
            _know(pool);
        }
        if (topic == ITreasury.Collected.selector) {
            (, uint256 amount) = abi.decode(entry.data, (uint256, uint256));
            collected[PoolId.wrap(entry.topics[2])] += amount;
        }
        if (topic == IVerdictOracle.Recorded.selector) {
            (uint256 summary, bytes32 trail) = abi.decode(entry.data, (uint256, bytes32));
            _noteRecorded(RequestId.wrap(entry.topics[1]), summary, trail);
        }
        if (topic == IVerdictOracle.Requested.selector) {
            _noteRequest(RequestId.wrap(entry.topics[1]), entry.topics[2], Question.wrap(uint256(bytes32(entry.data))));
        }
    }

    /// @dev The event and the request are all that a recording needs.
    function _noteRecorded(RequestId id, uint256 summary, bytes32 trail) private {
        Verdict memory verdict = verdictOf(uint8(summary >> 96), summary >> 104, trail);
        keep(requests[_placeOf[id]].request, verdict, Signers.wrap(uint96(summary)));
    }

    function _noteRequest(RequestId id, bytes32 agreement_, Question question) private {
        uint256 place = 0;
        while (keccak256(abi.encode(hasher.agreementId(given[place].agreement))) != keccak256(abi.encode(agreement_))) {
            ++place;
        }
        Under_ storage under = given[place];
        Request memory request = Request(hasher.agreementId(under.agreement), controller, question, under.quote);
        _placeOf[id] = requests.length;
        requests.push(Asked_(request, id));
        ids.push(id);
    }

    function _know(PoolId id) private {
        if (isKnown[id]) return;
        isKnown[id] = true;
        pools.push(id);
    }

    // Draws

    function draw(uint256 seed, string memory what, uint256 least, uint256 most) private pure returns (uint256) {
        return _bound(uint256(keccak256(abi.encode(seed, what))), least, most);
    }

    function chance(uint256 seed, string memory what, uint256 oneIn) private pure returns (bool) {
        return uint256(keccak256(abi.encode(seed, what))) % oneIn == 0;
    }

    /// @return Where a request is, most often one of those that were asked last.
    function _place(uint256 seed) private view returns (uint256) {
        uint256 last = requests.length - 1;
        return draw(seed, "request", last < 6 || chance(seed, "any request", 4) ? 0 : last - 6, last);
    }

    function _anyRequest(uint256 seed) private view returns (Request memory) {
        return requests[_place(seed)].request;
    }

    function _anyVerdict(uint256 seed) private pure returns (Verdict memory) {
        uint256 outcome = draw(seed, "outcome", 0, chance(seed, "any outcome", 12) ? 2 : 1);
        uint256 score = draw(seed, "score", 0, chance(seed, "any score", 12) ? 1_000_001 : 1_000_000);
        return verdictOf(outcome, score, bytes32(seed));
    }

    /// @dev What could be taken for something else.
    function _anyWord(uint256 seed) private view returns (bytes32) {
        uint256 kind = draw(seed, "kind", 0, 8);
        if (kind == 0) return bytes32(draw(seed, "number", 0, 15));
        if (kind == 1) return bytes32(assent.currentEpoch().number + draw(seed, "later", 0, 1));
        if (kind == 2) return bytes32(uint256(_signers(seed)));
        if (kind == 3) {
            uint32 epoch = uint32(draw(seed, "epoch", 1, uint256(assent.currentEpoch().number) + 1));
            Signers by = SignersLib.pack(epoch, _signers(seed));
            return PoolId.unwrap(Pools.id(by, uint32(draw(seed, "currency", 0, TOKENS))));
        }
        if (kind == 4 && pools.length != 0) return PoolId.unwrap(pools[draw(seed, "pool", 0, pools.length - 1)]);
        if (kind == 5 && ids.length != 0) return RequestId.unwrap(ids[draw(seed, "request", 0, ids.length - 1)]);
        if (kind == 6 && _roots.length != 0) return _roots[draw(seed, "root", 0, _roots.length - 1)];
        if (kind == 7) {
            bytes32 id = PoolId.unwrap(Pools.id(bytes32(seed), uint32(draw(seed, "currency", 0, TOKENS)), 2));
            return id;
        }
        return keccak256(abi.encode(seed));
    }

    function _epoch(uint256 seed) private view returns (uint32 epoch) {
        epoch = assent.currentEpoch().number;
        if (epoch > 1 && chance(seed, "the epoch before", 4)) --epoch;
    }

    /// @return signers Any majority of the first members.
    function _signers(uint256 seed) private pure returns (uint64) {
        uint8[4] memory sets = [3, 5, 6, 7];
        return sets[draw(seed, "signers", 0, 3)];
    }

    function _sign(uint256 seed, uint32 count, bytes32 root) private view returns (Attestation memory) {
        uint32 epoch = _epoch(seed);
        return attestReport(epoch, Verdicts.hashReport(epoch, count, root), _signers(seed));
    }

    function _question(uint256 seed, uint32 use, uint40 until) private view returns (Question) {
        Delivery delivery = Delivery(draw(seed, "delivery", 0, 1));
        return Questions.pack(Asked(use, until, purposeAgreed, Steps.INFER, 0, delivery, Disclosure.Everything, 0, 0));
    }

    function _refer(uint256 place) private view returns (Reference memory, uint32 currency) {
        Request memory request = requests[place].request;
        uint256 where = 0;
        while (!(hasher.agreementId(given[where].agreement) == request.agreement)) ++where;
        Under_ storage under = given[where];
        currency = under.quote.currency();
        return (Reference(under.source, controller, under.agreement.terms, request.question.use()), currency);
    }

    function _testify(uint256 place, Verdict memory verdict, uint256 key) private view returns (Testimony memory) {
        Request memory request = requests[place].request;
        bytes memory signature = sign(key, Verdicts.hashReport(1, 1, leafOf(request, verdict)));
        return Testimony(request, verdict, new bytes32[](0), 1, 1, signature);
    }

    function _joining(uint256 place) private returns (bytes memory) {
        (address attester, uint256 key) = attesterAt(place);
        bytes memory signature = sign(key, hasher.joining(operatorIn(place), 0, "", type(uint256).max));
        return abi.encodeCall(assent.join, (attester, 0, "", type(uint256).max, signature));
    }
}
