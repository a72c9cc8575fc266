// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { VerdictConsumer } from "../../../contracts/consumers/VerdictConsumer.sol";
import { IAssent } from "../../../contracts/interfaces/IAssent.sol";
import { IConsentRegistry } from "../../../contracts/interfaces/IConsentRegistry.sol";
import { Terms } from "../../../contracts/types/Agreement.sol";
import { RequestId, SourceId } from "../../../contracts/types/Ids.sol";
import { Asked, Disclosure, Question, Questions } from "../../../contracts/types/Question.sol";
import { Finality, Request, RequestState, Verdict } from "../../../contracts/types/Verdict.sol";
import { outcomeOf, scoreOf } from "../base/Verdict.sol";
import { OracleTest } from "../oracle/OracleTest.sol";
import { Token } from "../treasury/Tokens.sol";

/// @notice A consumer need be no longer than this.
contract Diary is VerdictConsumer {
    bytes[] public entries;

    constructor(IAssent oracle_) VerdictConsumer(oracle_) { }

    function ask(SourceId source, Terms calldata terms, Question question) external payable returns (RequestId) {
        return _ask(source, terms, question, msg.value);
    }

    function settled(RequestId id) external view returns (uint8 outcome, uint32 score) {
        return _finalVerdict(id);
    }

    function _onFinal(RequestId id, uint8 outcome, uint32 score) internal override {
        entries.push(abi.encode(id, "final", outcome, score));
    }

    function _onProvisional(RequestId id, RequestState state, uint8 outcome, uint32 score) internal override {
        entries.push(abi.encode(id, state, outcome, score));
    }

    /// @dev A diary is open to all.
    function _authoriseWithdrawal(address) internal pure override { }

    function length() external view returns (uint256) {
        return entries.length;
    }
}

/// @notice Who says nothing of it isn't told early.
contract Patient is VerdictConsumer {
    uint256 public times;

    constructor(IAssent oracle_) VerdictConsumer(oracle_) { }

    function _onFinal(RequestId, uint8, uint32) internal override {
        ++times;
    }

    function _authoriseWithdrawal(address) internal pure override { }
}

contract VerdictConsumerTest is OracleTest {
    Diary private diary;
    RequestId private id;
    Disclosure private disclosure = Disclosure.Everything;

    function setUp() public override {
        super.setUp();
        diary = new Diary(assent);
        agreement.controller = address(diary);
        give();
        id = assent.requestId(agreementId, 0);
        vm.deal(stranger, 1 ether);
    }

    // onVerdict

    function testFuzz_OnVerdict_RevertWhen_TheSenderIsNotTheOracle(address sender) public {
        vm.assume(sender != address(assent));
        vm.expectRevert(abi.encodeWithSelector(VerdictConsumer.NotOracle.selector, sender));
        vm.prank(sender);
        diary.onVerdict(id, RequestState.Recorded, 1, 1);
    }

    function test_OnVerdict_WhenTheSenderIsTheOracle() public {
        _askAndRecord();
        assertEq(diary.length(), 1, "entries");
        assertEq(diary.entries(0), _entry(RequestState.Recorded, defaultVerdict()), "recorded");
        challenge(id);
        review(0, otherVerdict());
        assertEq(diary.length(), 2, "entries");
        assertEq(diary.entries(1), _entry(RequestState.Corrected, otherVerdict()), "corrected");
    }

    function test_OnVerdict_WhenTheConsumerOnlyTakesFinalOnes() public {
        Patient patient = new Patient(assent);
        vm.prank(address(assent));
        patient.onVerdict(id, RequestState.Recorded, 1, 1);
        assertEq(patient.times(), 0, "not told");
    }

    // onFinal

    function testFuzz_OnFinal_RevertWhen_TheSenderIsNotTheOracle(address sender) public {
        vm.assume(sender != address(assent));
        vm.expectRevert(abi.encodeWithSelector(VerdictConsumer.NotOracle.selector, sender));
        vm.prank(sender);
        diary.onFinal(id, RequestState.Recorded);
    }

    function test_OnFinal_WhenTheSenderIsTheOracle() public {
        _askAndRecord();
        skip(CHALLENGE_WINDOW + 1);
        assent.deliverFinal(recordingOf(id));
        assertEq(diary.length(), 2, "entries");
        assertEq(diary.entries(1), abi.encode(id, "final", outcomeOf(defaultVerdict()), scoreOf(defaultVerdict())));
    }

    function test_OnFinal_GivenTheVerdictWasCorrected() public {
        _askAndRecord();
        challenge(id);
        review(0, otherVerdict());
        assent.deliverFinal(recordingOf(id));
        assertEq(diary.entries(2), abi.encode(id, "final", outcomeOf(otherVerdict()), scoreOf(otherVerdict())));
    }

    /// @dev Whatever the oracle would say: the consumer reads the verdict itself.
    function test_OnFinal_RevertGiven_TheVerdictIsNotFinal() public {
        _askAndRecord();
        bytes4 reason = VerdictConsumer.NoVerdict.selector;
        vm.expectRevert(abi.encodeWithSelector(reason, RequestState.Recorded, Finality.Contestable));
        vm.prank(address(assent));
        diary.onFinal(id, RequestState.Recorded);
    }

    // onSealed

    function testFuzz_OnSealed_RevertWhen_TheSenderIsNotTheOracle(address sender) public {
        vm.assume(sender != address(assent));
        vm.expectRevert(abi.encodeWithSelector(VerdictConsumer.NotOracle.selector, sender));
        vm.prank(sender);
        diary.onSealed(id, RequestState.Recorded);
    }

    /// @dev Who does nothing with it has taken it all the same.
    function test_OnSealed_WhenTheSenderIsTheOracle() public {
        Asked memory parts = asked(0);
        (parts.callback, parts.disclosure) = (300, Disclosure.Sealed);
        vm.prank(stranger);
        diary.ask{ value: FEE }(sourceNow(), agreement.terms, Questions.pack(parts));
        Request memory request = requestNow(Questions.pack(parts));
        Verdict memory verdict = Verdict(keccak256("outcome"), keccak256("score"), keccak256("trail"));
        record(request, verdict, attest(request, verdict, SIGNERS));
        assertState(id, RequestState.Recorded);
        assertFalse(assent.verdictOf(id).undelivered, "undelivered");
        assertEq(diary.length(), 0, "no entry");
    }

    // withdrawBalance

    function test_WithdrawBalance_WhenTheSenderMay() public {
        fund(address(diary), 7);
        assertEq(diary.withdrawBalance(address(0), relayer), 7, "amount");
        assertEq(relayer.balance, 7, "paid");
    }

    function test_WithdrawBalance_WhenTheBalanceIsInAToken() public {
        Token token = new Token();
        useToken(address(token));
        fund(address(diary), 7);
        diary.withdrawBalance(address(token), relayer);
        assertEq(token.balanceOf(relayer), 7, "paid");
    }

    // _ask

    function test_Ask_WhenEtherIsGiven() public {
        uint256 held = address(assent).balance;
        _ask(FEE);
        assertState(id, RequestState.Requested);
        assertEq(address(assent).balance - held, FEE, "ether held");
        assertEq(stranger.balance, 1 ether - FEE, "the sender's");
    }

    function test_Ask_WhenNoEtherIsGiven() public {
        fund(address(diary), FEE + 1);
        _ask(0);
        assertState(id, RequestState.Requested);
        assertEq(balanceOf(address(diary)), 1, "balance");
    }

    function test_Ask_RevertWhen_TheConsumerIsNotTheAgreementsController() public {
        agreement.controller = stranger;
        give();
        agreement.controller = address(diary);
        agreement.source.salt = keccak256("not given");
        bytes memory reason =
            abi.encodeWithSelector(IConsentRegistry.AgreementNotGiven.selector, hasher.agreementId(agreement));
        vm.expectRevert(reason);
        _ask(FEE);
    }

    // _finalVerdict

    function test_FinalVerdict_RevertGiven_ThereIsNoVerdict() public {
        _expectNoVerdict(RequestState.None, Finality.None);
        Request memory request = _ask(FEE);
        _expectNoVerdict(RequestState.Requested, Finality.None);
        skip(2 hours);
        assent.expire(request);
        skip(CHALLENGE_WINDOW + 1);
        _expectNoVerdict(RequestState.Expired, Finality.None);
    }

    function test_FinalVerdict_RevertGiven_TheVerdictMayStillBeChallenged() public {
        _askAndRecord();
        skip(CHALLENGE_WINDOW);
        _expectNoVerdict(RequestState.Recorded, Finality.Contestable);
    }

    function test_FinalVerdict_RevertGiven_TheVerdictIsChallenged() public {
        _askAndRecord();
        challenge(id);
        skip(CHALLENGE_WINDOW + 1);
        _expectNoVerdict(RequestState.Challenged, Finality.Contested);
    }

    function test_FinalVerdict_GivenTheChallengeWindowIsOver() public {
        _askAndRecord();
        skip(CHALLENGE_WINDOW + 1);
        _assertFinal(defaultVerdict());
    }

    function test_FinalVerdict_GivenTheVerdictWasUpheld() public {
        _askAndRecord();
        challenge(id);
        review(0, defaultVerdict());
        _assertFinal(defaultVerdict());
    }

    function test_FinalVerdict_GivenTheVerdictWasCorrected() public {
        _askAndRecord();
        challenge(id);
        review(0, otherVerdict());
        _assertFinal(otherVerdict());
    }

    /// @dev It may be false: it was challenged, and nobody said whether it is.
    function test_FinalVerdict_RevertGiven_NobodyJudgedIt() public {
        _askAndRecord();
        challenge(id);
        skip(JUDGING_TIME + 1);
        committee.close(recordingOf(id), defaultVerdict());
        _expectNoVerdict(RequestState.Unjudged, Finality.Final);
    }

    /// @dev 2^24 - 1 is above every threshold.
    function test_FinalVerdict_RevertGiven_TheVerdictIsSealed() public {
        disclosure = Disclosure.Outcome;
        Verdict memory verdict = defaultVerdict();
        verdict.score = keccak256("sealed score");
        Request memory request = _ask(FEE);
        record(request, verdict, attest(request, verdict, 7));
        skip(CHALLENGE_WINDOW + 1);
        vm.expectRevert(abi.encodeWithSelector(VerdictConsumer.VerdictIsSealed.selector, id));
        diary.settled(id);
    }

    function _question() private view returns (Question) {
        Asked memory parts = asked(0);
        parts.disclosure = disclosure;
        parts.callback = 300;
        return Questions.pack(parts);
    }

    function _ask(uint256 value) private returns (Request memory) {
        vm.prank(stranger);
        diary.ask{ value: value }(sourceNow(), agreement.terms, _question());
        return requestNow(_question());
    }

    function _askAndRecord() private {
        Request memory request = _ask(FEE);
        record(request, defaultVerdict(), attest(request, defaultVerdict(), SIGNERS));
    }

    function _entry(RequestState state, Verdict memory verdict) private view returns (bytes memory) {
        return abi.encode(id, state, outcomeOf(verdict), scoreOf(verdict));
    }

    function _assertFinal(Verdict memory verdict) private view {
        (uint8 outcome, uint32 score) = diary.settled(id);
        assertEq(outcome, outcomeOf(verdict), "outcome");
        assertEq(score, scoreOf(verdict), "score");
    }

    function _expectNoVerdict(RequestState state, Finality finality) private {
        vm.expectRevert(abi.encodeWithSelector(VerdictConsumer.NoVerdict.selector, state, finality));
        diary.settled(id);
    }
}
