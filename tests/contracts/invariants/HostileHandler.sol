// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Vm } from "forge-std/Vm.sol";

import { ICore } from "../../../contracts/interfaces/ICore.sol";
import { ITreasury } from "../../../contracts/interfaces/ITreasury.sol";
import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { Case, Ending, Phase } from "../../../contracts/types/Case.sol";
import { PoolId, RequestId } from "../../../contracts/types/Ids.sol";
import { Pools } from "../../../contracts/types/Pool.sol";
import { Asked, Delivery, Disclosure, Question, Questions } from "../../../contracts/types/Question.sol";
import { Steps } from "../../../contracts/types/Scope.sol";
import { Signers, SignersLib } from "../../../contracts/types/Signers.sol";
import { Schedule, StandingRequest, Under } from "../../../contracts/types/Standing.sol";
import { Testimony } from "../../../contracts/types/Testimony.sol";
import { Answer, Attestation, Recording, Request, Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { verdictOf } from "../base/Verdict.sol";
import { HostileBooks } from "./HostileBooks.sol";

/// @notice Seats and reserve that sign any digest whatever, an arbiter who rules as it likes, and everybody who brings such to the contracts:
/// roots that are numbers, ids or leaves, verdicts of others' requests, rulings on what was true. Only what nobody may ever do is expected to
/// fail; of all else no call is expected to succeed, none to fail: only the books must balance.
/// @dev Every act takes one seed, from which it draws all that it does.
contract HostileHandler is HostileBooks {
    /// Answers that a root was anchored for as its only leaf.
    Answer[] private _promised;
    bytes32[] private _roots;
    mapping(RequestId id => uint256 place) private _placeOf;
    /// What the committee did that moved money or consent; or what was let through that never may be.
    string public surprise;

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
                "recordAndCollect recordManyOfAny collectAnything challenge judgeAnything ruleAnything closeCase ",
                "punishAnything joinTwice rotateTwice epochTrick tellInItsPlace moveOperators close settle ",
                "withdrawBalance withdrawCredit endAndGive wait"
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
        if (_act("claimPromised", stranger, 0, data)) ++succeeded["false report claimed"];
    }

    function recordAnything(uint256 seed) public {
        if (requests.length == 0) return;
        Request memory request = _anyRequest(seed);
        Verdict memory verdict = _anyVerdict(seed);
        Attestation memory signed = _sign(seed, 1, leafOf(request, verdict));
        if (_act("recordAnything", stranger, 0, abi.encodeCall(assent.record, (request, verdict, signed)))) {
            ++succeeded["false report recorded"];
        }
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
        uint256 place = _place(seed);
        Recording memory recording = _recording(seed, place);
        (Under memory under,) = _under(place);
        // Of the money that the core has, the bond is none.
        _case("challenge", challenger, BOND, abi.encodeCall(committee.challenge, (recording, under)));
    }

    /// @dev The bench signs whatever is wanted: that what is true is false, or the other way round.
    function judgeAnything(uint256 seed) external {
        if (requests.length == 0) return;
        challenge(seed);
        uint256 place = _placeInPhase(seed, Phase.Open);
        Recording memory recording = _recording(seed, place);
        bool stands = chance(seed, "stands", 3);
        Verdict memory found = stands && !chance(seed, "odd", 8) ? recording.verdict : _anyVerdict(~seed);
        (uint64 bench, uint256 wanted) = _bench(recording.by);
        uint64 judges = 0;
        uint256 first = draw(seed, "first", 0, 5);
        for (uint256 i = 0; i < 64 && wanted != 0; ++i) {
            uint256 bit = (first + i) % 64;
            if ((bench >> bit) & 1 == 0 && !chance(seed ^ i, "a signer", 16)) continue;
            judges |= uint64(1 << bit);
            --wanted;
        }
        if (recording.by.epoch() == 0 || recording.by.epoch() > committee.currentEpoch()) return;
        bytes memory signatures = rulings(recording, found, stands, judges);
        bytes memory data = abi.encodeCall(committee.judge, (recording, found, stands, judges, signatures));
        bool done = _case("judgeAnything", stranger, 0, data);
        if (done && !stands) ++succeeded["false ruling"];
        _mend(seed);
    }

    function ruleAnything(uint256 seed) external {
        if (requests.length == 0) return;
        challenge(seed);
        uint256 place = _placeInPhase(seed, chance(seed, "judged", 2) ? Phase.False : Phase.Open);
        if (chance(seed, "late", 2) && committee.caseOf(ids[place]).phase == Phase.Open) skip(JUDGING_TIME + 1);
        Recording memory recording = _recording(seed, place);
        bool stands = chance(seed, "stands", 2);
        Verdict memory right = stands ? recording.verdict : _anyVerdict(~seed);
        address sender = chance(seed, "not the arbiter", 8) ? stranger : arbiter;
        if (_case("ruleAnything", sender, 0, abi.encodeCall(committee.rule, (recording, right, stands)))) {
            if (sender == stranger) _surprised("a stranger ruled");
            ++succeeded[stands ? "right ruling of the arbiter" : "wrong ruling of the arbiter"];
        }
        _mend(seed);
    }

    function closeCase(uint256 seed) external {
        if (requests.length == 0) return;
        challenge(seed);
        uint256 place = _placeInPhase(seed, Phase.Open);
        if (chance(seed, "late", 2)) skip(JUDGING_TIME + RULING_TIME + 1);
        Recording memory recording = _recording(seed, place);
        Verdict memory found = chance(seed, "as recorded", 2) ? recording.verdict : _anyVerdict(seed);
        _case("closeCase", stranger, 0, abi.encodeCall(committee.close, (recording, found)));
        _mend(seed);
    }

    function punishAnything(uint256 seed) external {
        if (requests.length == 0) return;
        uint256 place = _place(seed);
        (, uint256 key) = attesterAt(draw(seed, "operator", 0, OPERATORS - 1));
        Testimony memory first = _testify(place, _anyVerdict(seed), key);
        Testimony memory second = _testify(place, _anyVerdict(~seed), key);
        if (chance(seed, "the same", 4)) second = first;
        (Under memory under, uint32 currency) = _under(place);
        bytes memory data = abi.encodeCall(committee.punishConflict, (under, versions[currency], first, second));
        _case("punishAnything", relayer, 0, data);
        _mend(seed);
    }

    // What nobody may ever do

    /// @dev With a second stake, or with another's key.
    function joinTwice(uint256 seed) external {
        uint256 place = draw(seed, "operator", 0, OPERATORS - 1);
        address operator = operatorIn(place);
        if (committee.operatorInfo(operator).attester == address(0)) {
            _case("join", operator, STAKE, _joining(place, operator));
        }
        _never("joinTwice", address(committee), operator, STAKE, _joining(place, operator));
        address another = operatorIn((place + 1) % OPERATORS);
        if (committee.operatorInfo(another).attester != address(0)) return;
        _never("joinTwice", address(committee), another, STAKE, _joining(place, another));
    }

    function rotateTwice(uint256 seed) external {
        if (chance(seed, "patient", 2) && vm.getBlockTimestamp() < committee.rotatableAt()) {
            vm.warp(committee.rotatableAt());
        }
        bytes memory data = abi.encodeCall(committee.rotate, ());
        if (_case("rotate", stranger, 0, data)) _never("rotateTwice", address(committee), stranger, 0, data);
        _mend(seed);
    }

    /// @dev A report of an epoch that may not sign: to come, long over, or none; or by the reserve; or with a bit above the epoch's number.
    function epochTrick(uint256 seed) external {
        if (requests.length == 0) return;
        Request memory request = _anyRequest(seed);
        Verdict memory verdict = _anyVerdict(seed);
        uint32 current = committee.currentEpoch();
        uint32[4] memory epochs = [0, current + 1, current > 2 ? current - 2 : 0, type(uint32).max];
        uint32 epoch = epochs[draw(seed, "epoch", 0, 3)];
        uint256 by = uint256(epoch) << 64 | 3;
        uint256 kind = draw(seed, "kind", 0, 2);
        if (kind == 1) by = (uint256(current) | 1 << 32 << draw(seed, "bit", 0, 159)) << 64 | 3;
        if (kind == 2) by = uint256(current) << 64 | 0x18; // the fourth and the fifth of the roll
        bytes32 report = Verdicts.hashReport(kind == 2 ? current : epoch, 1, leafOf(request, verdict));
        (, address[] memory roll) = committee.rollOf(current);
        bytes32 separator = domainSeparator(block.chainid, address(assent));
        uint256 signers = kind == 2 ? 0x18 : 3;
        bytes memory signatures = signAsMembers(roll, signers, separator, report);
        Attestation memory signed = Attestation(Signers.wrap(by), signatures);
        bytes memory data = abi.encodeCall(assent.record, (request, verdict, signed));
        _never("epochTrick", address(assent), stranger, 0, data);
    }

    /// @dev What the committee alone may tell the core, told by all others: operators, the arbiter, the core's own parts.
    function tellInItsPlace(uint256 seed) external {
        address[5] memory senders = [operatorIn(0), arbiter, assent.requests(), assent.agreements(), address(assent)];
        address sender = senders[draw(seed, "sender", 0, 4)];
        address to = assent.currentEpoch().members;
        bytes memory data = abi.encodeCall(ICore.setEpoch, (uint32(seed), 3, 6, to, uint40(seed >> 32)));
        if (requests.length != 0 && chance(seed, "a case", 2)) {
            uint256 place = _place(seed);
            Recording memory recording = _recording(seed, place);
            (Under memory under,) = _under(place);
            data = abi.encodeCall(ICore.contest, (recording, under));
            if (chance(seed, "settle", 2)) {
                data = abi.encodeCall(ICore.settleContest, (recording, Ending(seed % 3), _anyVerdict(seed), 3));
            }
        }
        _never("tellInItsPlace", address(assent), sender, 0, data);
    }

    // What else goes on

    function moveOperators(uint256 seed) external {
        uint256 place = draw(seed, "operator", 0, OPERATORS - 1);
        address operator = operatorIn(place);
        uint256 kind = draw(seed, "kind", 0, 4);
        if (kind == 0) _case("join", operator, STAKE, _joining(place, operator));
        if (kind == 1 && place > 4) _case("resign", operator, 0, abi.encodeCall(committee.resign, ()));
        if (kind == 2) _case("take stake", operator, 0, abi.encodeCall(committee.withdrawStake, ()));
        if (kind == 3) _case("add stake", operator, STAKE / 2, abi.encodeCall(committee.addStake, (operator)));
        if (kind == 4) _case("renew", operator, 0, abi.encodeCall(committee.renew, ()));
        _case("moveOperators", stranger, 0, abi.encodeCall(committee.rotate, ()));
        _mend(seed);
    }

    function withdrawCredit(uint256 seed) external {
        address account = accounts[draw(seed, "account", 2, accounts.length - 1)];
        for (uint256 i = 2; i < accounts.length && !chance(seed, "any", 4); ++i) {
            if (committee.creditOf(accounts[i]) != 0) account = accounts[i];
        }
        _case("withdrawCredit", account, 0, abi.encodeCall(committee.withdraw, (account)));
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
        if (account == controller || account == address(committee)) return;
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
        _mend(seed);
    }

    // Calls

    function _act(string memory name, address sender, uint256 value, bytes memory data) private returns (bool success) {
        return _call(name, address(assent), sender, value, data);
    }

    /// @dev At the committee: none of it moves the core's money, or an agreement (C2).
    function _case(string memory name, address sender, uint256 value, bytes memory data)
        private
        returns (bool success)
    {
        uint256 before = address(assent).balance;
        vm.record();
        success = _call(name, address(committee), sender, value, data);
        (, bytes32[] memory writes) = vm.accesses(address(assent));
        vm.stopRecord();
        for (uint256 i = 0; success && i < writes.length; ++i) {
            if (!isTold(writes[i])) _surprised(string.concat(name, " wrote ", vm.toString(writes[i])));
        }
        if (address(assent).balance != before) _surprised(string.concat(name, " moved ether"));
    }

    function _never(string memory name, address to, address sender, uint256 value, bytes memory data) private {
        if (_call(name, to, sender, value, data)) _surprised(string.concat(name, " was let through"));
    }

    function _call(string memory name, address to, address sender, uint256 value, bytes memory data)
        private
        returns (bool success)
    {
        if (value != 0) vm.deal(sender, sender.balance + value);
        vm.recordLogs();
        vm.prank(sender);
        (success,) = to.call{ value: value }(data);
        Vm.Log[] memory logs = vm.getRecordedLogs(); // also those of a call that was undone
        for (uint256 i = 0; success && i < logs.length; ++i) {
            if (logs[i].emitter == address(assent)) _note(logs[i]);
        }
        if (success) ++succeeded[name];
        else ++refused[name];
    }

    function _surprised(string memory what) private {
        if (bytes(surprise).length == 0) surprise = what;
    }

    /// @dev A walk on which nobody can sign any more shows nothing: where so few have a whole stake, all bring what is missing.
    function _mend(uint256 seed) private {
        if (assent.currentEpoch().seats == 0 || chance(seed, "mend", 16)) _mendAll();
    }

    function _mendAll() private {
        for (uint256 i = 0; i < OPERATORS; ++i) {
            address operator = operatorIn(i);
            if (committee.operatorInfo(operator).attester == address(0)) {
                _case("join", operator, STAKE, _joining(i, operator));
            }
            uint256 stake = committee.operatorInfo(operator).stake;
            if (stake < STAKE) {
                _case("add stake", operator, STAKE - stake, abi.encodeCall(committee.addStake, (operator)));
            }
            _case("renew", operator, 0, abi.encodeCall(committee.renew, ()));
        }
        for (uint256 i = 0; i < OPERATORS && assent.currentEpoch().seats == 0; ++i) {
            if (vm.getBlockTimestamp() < committee.rotatableAt()) vm.warp(committee.rotatableAt());
            _case("rotate", stranger, 0, abi.encodeCall(committee.rotate, ()));
        }
    }

    /// @dev Each hostile act once, in one row: at the end of a walk, so that none shows less than all.
    function complete() external {
        // Who resigned leaves, one by one, and who waits enters.
        for (uint256 i = 0; i < OPERATORS; ++i) {
            _mendAll();
            if (vm.getBlockTimestamp() < committee.rotatableAt()) vm.warp(committee.rotatableAt());
            _case("rotate", stranger, 0, abi.encodeCall(committee.rotate, ()));
        }
        for (uint32 currency = 0; currency < 2; ++currency) {
            // Of the second, the model names the arbiter.
            giveFor(currency, given.length);
            uint256 place = _falseReport();
            Recording memory recording = recordingOf(ids[place]);
            (Under memory under,) = _under(place);
            _case("challenge", challenger, BOND, abi.encodeCall(committee.challenge, (recording, under)));
            Verdict memory lie = verdictOf(1 - uint256(recording.verdict.outcome), 77, "a lie of the bench");
            _convict(recording, lie);
            if (currency == 1) {
                // They were right, says the arbiter, who signed what nobody found.
                lie.trail = "a lie of the arbiter";
                bytes memory data = abi.encodeCall(committee.rule, (recording, lie, false));
                if (_case("ruleAnything", arbiter, 0, data)) ++succeeded["wrong ruling of the arbiter"];
            }
            _mendAll();
        }
        _closeAndContradict();
        _neverToBeDone();
    }

    /// @dev Under the agreement given last, by the first two seats. And one that is anchored and claimed.
    function _falseReport() private returns (uint256 place) {
        Under_ storage under = given[given.length - 1];
        for (uint32 use = 0; use < 2; ++use) {
            Asked memory parts = asked(use);
            parts.delivery = Delivery(use);
            bytes memory data =
                abi.encodeCall(assent.request, (under.source, under.agreement.terms, Questions.pack(parts)));
            _act("ask", controller, 0, data);
            Request memory request = requests[requests.length - 1].request;
            Verdict memory lie = verdictOf(0, 1, "a lie");
            bytes32 leaf = leafOf(request, lie);
            Attestation memory signed = attestRoot(committee.currentEpoch(), leaf, 3);
            if (use == 0) {
                place = requests.length - 1;
                data = abi.encodeCall(assent.record, (request, lie, signed));
                if (_act("recordAnything", stranger, 0, data)) ++succeeded["false report recorded"];
                continue;
            }
            address currency = currencies[request.quote.currency()];
            _act("anchorAnswer", stranger, 0, abi.encodeCall(assent.anchor, (leaf, 1, currency, 2, signed)));
            data = abi.encodeCall(assent.claim, (request, lie, new bytes32[](0)));
            if (_act("claimPromised", stranger, 0, data)) ++succeeded["false report claimed"];
        }
    }

    function _convict(Recording memory recording, Verdict memory lie) private {
        (uint64 bench, uint256 wanted) = _bench(recording.by);
        uint64 judges = 0;
        for (uint256 i = 0; i < 64 && wanted != 0; ++i) {
            if ((bench >> i) & 1 == 0) continue;
            judges |= uint64(1 << i);
            --wanted;
        }
        bytes memory signatures = rulings(recording, lie, false, judges);
        bytes memory data = abi.encodeCall(committee.judge, (recording, lie, false, judges, signatures));
        if (_case("judgeAnything", stranger, 0, data)) ++succeeded["false ruling"];
    }

    function _closeAndContradict() private {
        giveFor(0, given.length);
        uint256 place = _falseReport();
        (Under memory under,) = _under(place);
        Recording memory recording = recordingOf(ids[place]);
        _case("challenge", challenger, BOND, abi.encodeCall(committee.challenge, (recording, under)));
        (, uint256 key) = attesterAt(5);
        Testimony memory first = _testify(place, verdictOf(0, 1, ""), key);
        Testimony memory second = _testify(place, verdictOf(1, 1_000_000, ""), key);
        bytes memory data = abi.encodeCall(committee.punishConflict, (under, versions[0], first, second));
        _case("punishAnything", relayer, 0, data);
        skip(JUDGING_TIME + 1);
        _case("closeCase", stranger, 0, abi.encodeCall(committee.close, (recording, recording.verdict)));
        _mendAll();
    }

    function _neverToBeDone() private {
        this.joinTwice(0);
        if (vm.getBlockTimestamp() < committee.rotatableAt()) vm.warp(committee.rotatableAt());
        this.rotateTwice(1);
        this.epochTrick(2);
        this.tellInItsPlace(3);
    }

    /// @return What a hostile committee succeeds in doing.
    function hostileActs() public pure returns (string[] memory) {
        return vm.split(
            "false report recorded,false report claimed,challenge,false ruling,wrong ruling of the arbiter,"
            "punishAnything,closeCase",
            ","
        );
    }

    /// @return What it doesn't.
    function neverActs() public pure returns (string[] memory) {
        return vm.split("joinTwice,rotateTwice,epochTrick,tellInItsPlace", ",");
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
        if (topic == ICore.Corrected.selector) {
            RequestId id = RequestId.wrap(entry.topics[1]);
            (Signers by, bytes32 outcome, bytes32 score, bytes32 trail_) =
                abi.decode(entry.data, (Signers, bytes32, bytes32, bytes32));
            keep(requests[_placeOf[id]].request, Verdict(outcome, score, trail_), by);
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

    /// @return As it was recorded; now and then anything.
    function _recording(uint256 seed, uint256 place) private view returns (Recording memory) {
        if (chance(seed, "any recording", 8)) {
            return Recording(_anyRequest(seed), _anyVerdict(seed), Signers.wrap(seed & type(uint128).max));
        }
        return recordingOf(ids[place]);
    }

    function _bench(Signers by) private view returns (uint64 judges, uint256 wanted) {
        if (by.epoch() == 0 || by.epoch() > committee.currentEpoch()) return (0, 0);
        return committee.benchOf(by);
    }

    /// @dev Most often one whose case is there.
    function _placeInPhase(uint256 seed, Phase phase) private view returns (uint256) {
        for (uint256 i = ids.length; i != 0 && !chance(seed, "any case", 8); --i) {
            Case memory it = committee.caseOf(ids[i - 1]);
            if (it.phase == phase) return i - 1;
        }
        return _place(seed);
    }

    function _under(uint256 place) private view returns (Under memory, uint32 currency) {
        Request memory request = requests[place].request;
        uint256 where = 0;
        while (!(hasher.agreementId(given[where].agreement) == request.agreement)) ++where;
        Under_ storage under = given[where];
        return (Under(under.source, under.agreement.terms), under.quote.currency());
    }

    function _testify(uint256 place, Verdict memory verdict, uint256 key) private view returns (Testimony memory) {
        Request memory request = requests[place].request;
        uint32 epoch = committee.currentEpoch();
        bytes memory signature = sign(key, Verdicts.hashReport(epoch, 1, leafOf(request, verdict)));
        return Testimony(request, verdict, new bytes32[](0), epoch, 1, signature);
    }

    function _joining(uint256 place, address operator) private returns (bytes memory) {
        (address attester, uint256 key) = attesterAt(place);
        bytes32 separator = domainSeparator(block.chainid, address(committee));
        bytes memory signature = signFor(separator, key, hasher.joining(operator, 0, "", type(uint256).max));
        return abi.encodeCall(committee.join, (attester, 0, "", type(uint256).max, signature));
    }
}
