// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { PoolId, RequestId } from "../../../contracts/types/Ids.sol";
import { Asked, Question, Questions } from "../../../contracts/types/Question.sol";
import { Steps } from "../../../contracts/types/Scope.sol";
import { Schedule, StandingRequest, Under } from "../../../contracts/types/Standing.sol";
import { Testimony } from "../../../contracts/types/Testimony.sol";
import { Answer, Attestation, Recording, Request } from "../../../contracts/types/Verdict.sol";
import { OracleTest } from "./OracleTest.sol";
import { Receiver, Step } from "./Receivers.sol";

/// @notice A receiver that calls the contract while it is told of a verdict gets what it would have got by the same calls afterwards: the
/// same answers, the same events' sums, the same state. So nothing is half done while a receiver has the word.
contract CallbackReentryTest is OracleTest {
    Receiver private receiver;
    /// The report in which the receiver is told, and what it will call then.
    Answer[] private answers;
    Attestation private attestation;
    Step[] private steps;
    /// Requests open beside it, and one that was told in vain.
    Request private open;
    Request private late;

    function setUp() public override {
        super.setUp();
        receiver = new Receiver(assent);
        vm.deal(address(receiver), 10 ether);
        (agreement.controller, agreement.terms.price, model.royalty) = (address(receiver), 7, 1000);
        agreement.terms.validUntil = START + 1 days;
        giveFor("with royalty");
        askAndRecord(0, SIGNERS);
        receiver.refuse("no");
        _record(_ask(1, 2000));
        open = _ask(2, 0);
        (late,) = ask(3);
        _prepareReport();
        fund(address(receiver), 1 ether);
        // An epoch may end, and the late request's deadline has passed.
        skip(EPOCH_LENGTH + 1);
    }

    function test_WhenTheReceiverCallsBack_ForVerdicts() public {
        Attestation memory single = attest(open, defaultVerdict(), SIGNERS);
        Request memory told = _told();
        _step(0, abi.encodeCall(assent.record, (told, otherVerdict(), attest(told, otherVerdict(), 0xb))));
        _step(0, abi.encodeCall(assent.record, (open, defaultVerdict(), single)));
        _step(0, abi.encodeCall(assent.record, (open, defaultVerdict(), single)));
        _step(0, abi.encodeCall(assent.recordMany, (answers, attestation)));
        bytes32 root = rootOf(answers);
        _step(0, abi.encodeCall(assent.anchor, (root, uint32(answers.length), address(0), 3, attestation)));
        _step(0, abi.encodeCall(assent.claim, (told, defaultVerdict(), proofOf(answers, 0))));
        _step(0, abi.encodeCall(assent.retryCallback, (_recordingTold())));
        _assertAsAfterwards(3);
    }

    function test_WhenTheReceiverCallsBack_ForRequests() public {
        Request memory told = _told();
        _step(0, abi.encodeCall(assent.refuse, (told)));
        _step(0, abi.encodeCall(assent.refuse, (late)));
        _step(0, abi.encodeCall(assent.expire, (told)));
        _step(0, abi.encodeCall(assent.expire, (late)));
        _step(0, abi.encodeCall(assent.cancel, (sourceNow(), agreement.terms, told.question.use())));
        _step(0, abi.encodeCall(assent.cancel, (sourceNow(), agreement.terms, 50)));
        bytes memory asking = abi.encodeCall(assent.request, (sourceNow(), agreement.terms, defaultQuestion(51)));
        _step(quoteNow().total(), asking);
        _step(0, asking);
        _step(0, abi.encodeCall(assent.request, (sourceNow(), agreement.terms, defaultQuestion(52))));
        _step(
            0,
            abi.encodeCall(
                assent.requestBySig,
                (sourceNow(), address(receiver), agreement.terms, defaultQuestion(53), 0, new bytes(64))
            )
        );
        _assertAsAfterwards(4);
    }

    function test_WhenTheReceiverCallsBack_ForMoney() public {
        PoolId pool = assent.poolOf(1, SIGNERS, address(0));
        _step(0, abi.encodeCall(assent.collect, (pool, 0)));
        _step(0, abi.encodeCall(assent.collect, (pool, 0)));
        _step(0, abi.encodeCall(assent.settle, (agreement, model)));
        _step(0, abi.encodeCall(assent.settle, (agreement, model)));
        _step(0, abi.encodeCall(assent.withdrawBalance, (address(0), address(receiver))));
        _step(0, abi.encodeCall(assent.withdrawBalance, (address(0), address(receiver))));
        _step(1 ether, abi.encodeCall(assent.deposit, (stranger, address(0), 1 ether)));
        _step(0, abi.encodeCall(assent.withdrawBalance, (address(0), address(receiver))));
        _assertAsAfterwards(4);
    }

    function test_WhenTheReceiverCallsBack_ForChallenges() public {
        Recording memory told = _recordingTold();
        Recording memory next = Recording(answers[1].request, defaultVerdict(), attestation.by);
        Testimony memory testimony = Testimony(
            _told(), defaultVerdict(), proofOf(answers, _place()), 1, uint32(answers.length), new bytes(64)
        );
        bytes memory signatures = rulings(told, defaultVerdict(), true, JUDGES);
        _case(BOND, abi.encodeCall(committee.challenge, (told, underNow())));
        _case(BOND, abi.encodeCall(committee.challenge, (told, underNow())));
        _case(BOND, abi.encodeCall(committee.challenge, (next, underNow())));
        _case(0, abi.encodeCall(committee.close, (told, defaultVerdict())));
        _case(0, abi.encodeCall(committee.rule, (told, otherVerdict(), false)));
        _case(0, abi.encodeCall(committee.punishConflict, (underNow(), model, testimony, testimony)));
        _case(0, abi.encodeCall(committee.judge, (told, defaultVerdict(), true, JUDGES, signatures)));
        _case(0, abi.encodeCall(committee.judge, (told, defaultVerdict(), true, JUDGES, signatures)));
        _case(0, abi.encodeCall(committee.withdraw, (address(receiver))));
        _step(0, abi.encodeCall(assent.retryCallback, (told)));
        _assertAsAfterwards(3);
    }

    function test_WhenTheReceiverCallsBack_ForStandingRequests() public {
        Question question =
            Questions.pack(Asked(60, 0, purposeAgreed, Steps.INFER, 0, asked(0).delivery, asked(0).disclosure, 0, 0));
        Schedule memory schedule = Schedule(uint40(vm.getBlockTimestamp()), 60, 3, 600, false, true);
        StandingRequest memory standing =
            StandingRequest(agreementId, address(receiver), question, quoteNow(), schedule);
        Under[] memory under = new Under[](1);
        under[0] = Under(sourceNow(), agreement.terms);
        uint256 price = 3 * quoteNow().total();
        _step(price, abi.encodeCall(assent.stand, (under, question, schedule)));
        _step(0, abi.encodeCall(assent.openRound, (standing, 0)));
        _step(0, abi.encodeCall(assent.openRound, (standing, 0)));
        _step(0, abi.encodeCall(assent.openRound, (standing, 1)));
        _step(0, abi.encodeCall(assent.endStanding, (standing)));
        _step(0, abi.encodeCall(assent.endStanding, (standing)));
        _assertAsAfterwards(3);
    }

    function test_WhenTheReceiverCallsBack_ForAgreementsRecordsAndModels() public {
        _step(0, abi.encodeCall(assent.withdraw, (agreement)));
        agreement.source.subject = address(receiver);
        _step(0, abi.encodeCall(assent.give, (agreement)));
        _step(0, abi.encodeCall(assent.withdraw, (agreement)));
        agreement.source.subject = subject;
        uint256 until = vm.getBlockTimestamp();
        _step(0, abi.encodeCall(assent.giveBySig, (agreement, until, new bytes(64))));
        _step(0, abi.encodeCall(assent.withdrawBySig, (agreement, until, new bytes(64))));
        _stepAt(
            address(records),
            0,
            abi.encodeCall(records.commit, (keccak256("its own"), subject, "https://vault.example"))
        );
        _stepAt(address(records), 0, abi.encodeCall(records.retire, (keccak256("its own"), subject)));
        model.publisher = address(receiver);
        _step(0, abi.encodeCall(assent.publish, (model, "https://models.example")));
        _step(0, abi.encodeCall(assent.deprecate, (model)));
        model.publisher = publisher;
        _assertAsAfterwards(6);
    }

    function test_WhenTheReceiverCallsBack_ForOperators() public {
        uint256 until = vm.getBlockTimestamp();
        (address attester, uint256 key) = attesterAt(9);
        bytes32 joining = hasher.joining(address(receiver), bytes32("seal"), "https://receiver.example", until);
        bytes memory signature = signFor(domainSeparator(block.chainid, address(committee)), key, joining);
        bytes memory join_ =
            abi.encodeCall(committee.join, (attester, bytes32("seal"), "https://receiver.example", until, signature));
        _case(STAKE, join_);
        _case(STAKE, join_);
        _case(0, abi.encodeCall(committee.rotate, ()));
        _case(0, abi.encodeCall(committee.rotate, ()));
        _case(0, abi.encodeCall(committee.renew, ()));
        _case(0, abi.encodeCall(committee.changeKeys, (attester, bytes32("seal"), "x", until, signature)));
        _case(1, abi.encodeCall(committee.addStake, (operatorAt(0))));
        _case(0, abi.encodeCall(committee.resign, ()));
        _case(0, abi.encodeCall(committee.withdrawStake, ()));
        _assertAsAfterwards(5);
    }

    // How it is made and compared

    /// @dev Three answers in a report; each asks for a callback, and of the first the receiver makes something.
    function _prepareReport() private {
        Answer[] memory report = new Answer[](3);
        for (uint32 i = 0; i < 3; ++i) {
            report[i] = Answer(_ask(10 + i, 2000), defaultVerdict());
        }
        store(answers, report);
        attestation = attestMany(report, SIGNERS);
    }

    /// @return The request of whose verdict the receiver is told first.
    function _told() private view returns (Request memory) {
        return answers[_place()].request;
    }

    function _useTold() private view returns (uint32) {
        return answers[_place()].request.question.use();
    }

    function _recordingTold() private view returns (Recording memory) {
        return Recording(_told(), defaultVerdict(), attestation.by);
    }

    function _place() private pure returns (uint256) {
        return 0;
    }

    function _ask(uint32 use, uint16 callback) private returns (Request memory request) {
        Asked memory parts = asked(use);
        (parts.callback, parts.deadline) = (callback, START + 2 hours);
        (request,) = ask(Questions.pack(parts));
    }

    function _record(Request memory request) private {
        record(request, defaultVerdict(), attest(request, defaultVerdict(), SIGNERS));
    }

    function _step(uint256 value, bytes memory data) private {
        _stepAt(address(assent), value, data);
    }

    function _stepAt(address target, uint256 value, bytes memory data) private {
        steps.push(Step(target, value, data));
    }

    /// @dev At the committee.
    function _case(uint256 value, bytes memory data) private {
        _stepAt(address(committee), value, data);
    }

    /// @dev Once the receiver makes its calls while it is told, once after all is done.
    /// @param allowed How many of them may succeed.
    function _assertAsAfterwards(uint256 allowed) private {
        receiver.plan(steps);
        uint256 before = vm.snapshotState();
        recordMany(answers, attestation);
        assertEq(receiver.succeeded(), allowed, "allowed");
        (bytes32 meanwhile, bytes32 called) = (_world(), receiver.results());

        vm.revertToState(before);
        receiver.keep();
        recordMany(answers, attestation);
        receiver.act();
        assertEq(called, receiver.results(), "what its calls returned");
        assertEq(meanwhile, _world(), "what they led to");
    }

    /// @return hash Of all that can be asked of the contract about those concerned.
    function _world() private view returns (bytes32 hash) {
        for (uint32 use = 0; use < 64; ++use) {
            RequestId id = assent.requestId(agreementId, use);
            hash = keccak256(abi.encode(hash, assent.verdictOf(id), committee.caseOf(id)));
        }
        address[9] memory accounts = [
            address(receiver),
            subject,
            publisher,
            stranger,
            relayer,
            _operator(0),
            _operator(1),
            _operator(2),
            _operator(3)
        ];
        for (uint256 i = 0; i < accounts.length; ++i) {
            hash = keccak256(abi.encode(hash, assent.balanceOf(accounts[i], address(0)), accounts[i].balance));
            hash = keccak256(abi.encode(hash, committee.operatorInfo(accounts[i]), committee.creditOf(accounts[i])));
        }
        hash = keccak256(abi.encode(hash, assent.poolInfo(assent.poolOf(1, SIGNERS, address(0)))));
        hash = keccak256(abi.encode(hash, assent.poolInfo(assent.poolOfRoot(rootOf(answers), address(0), 3))));
        hash = keccak256(abi.encode(hash, assent.agreementStatus(agreementId), assent.currentEpoch()));
        hash = keccak256(abi.encode(hash, address(assent).balance, address(committee).balance, receiver.told()));
    }

    function _operator(uint256 i) private pure returns (address) {
        return vm.addr(uint256(keccak256(abi.encodePacked("operator", vm.toString(i)))));
    }
}
