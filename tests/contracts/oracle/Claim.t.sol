// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { Asked, Delivery, Questions } from "../../../contracts/types/Question.sol";
import { Quote } from "../../../contracts/types/Quote.sol";
import { Signers, SignersLib } from "../../../contracts/types/Signers.sol";
import { Answer, Attestation, Request, RequestState, Verdict } from "../../../contracts/types/Verdict.sol";
import { inClear, scoreOf } from "../base/Verdict.sol";
import { Token } from "../treasury/Tokens.sol";
import { OracleTest } from "./OracleTest.sol";
import { Receiver } from "./Receivers.sol";

contract ClaimTest is OracleTest {
    Answer[] private answers;
    bytes32 private root;
    bytes32[] private proof;
    Request private request;
    Verdict private verdict;
    RequestId private id;
    /// Who signed the report.
    Signers private by = byEpoch1();

    /// @dev Five answers, so that paths differ in length. The one in the middle is claimed.
    function setUp() public override {
        super.setUp();
        agreement.terms.validUntil = START + 30 minutes;
        give();
        store(answers, askMany(0, 5, Delivery.Anchored));
        _select(2);
    }

    // The request and the verdict

    function test_RevertGiven_TheRequestWasNeverMade() public {
        request = expectedRequest(9);
        id = idOf(request);
        _expectNotOpen(RequestState.None);
    }

    function test_RevertGiven_ItWasRecorded() public {
        anchor(answers, SIGNERS);
        record(request, otherVerdict(), attest(request, otherVerdict(), 0xb));
        _expectNotOpen(RequestState.Recorded);
        assertEq(assent.verdictOf(id).score, scoreOf(otherVerdict()), "the first verdict stays");
        assertEq(_earnedByRoot(), 0, "earned");
    }

    function test_RevertGiven_ItWasClaimed() public {
        anchor(answers, SIGNERS);
        _claim();
        _expectNotOpen(RequestState.Recorded);
        assertEq(_earnedByRoot(), FEE, "earned once");
    }

    function test_RevertGiven_ItWasRefused() public {
        anchor(answers, SIGNERS);
        withdraw();
        assent.refuse(request);
        _expectNotOpen(RequestState.Refused);
    }

    function test_RevertGiven_ItExpired() public {
        anchor(answers, SIGNERS);
        vm.warp(request.question.lastSecond() + 1);
        assent.expire(request);
        _expectNotOpen(RequestState.Expired);
        assertEq(balanceOf(controller), FEE, "refunded");
    }

    function test_RevertGiven_ItWasCancelled() public {
        cancel(9);
        request = expectedRequest(9);
        id = idOf(request);
        _expectNotOpen(RequestState.Cancelled);
    }

    function test_RevertWhen_ATermOfTheRequestIsAltered() public {
        anchor(answers, SIGNERS);
        request.quote = Quote.wrap(Quote.unwrap(request.quote) + (1 << 64));
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RequestMismatch.selector, id));
    }

    function test_RevertGiven_ItAskedToBeRecorded() public {
        (request, id) = ask(defaultQuestion(9));
        answers[0] = Answer(request, verdict);
        store(answers, answers);
        root = anchor(answers, SIGNERS);
        for (uint256 i = 0; i < answers.length; ++i) {
            if (idOf(answers[i].request) == id) proof = proofOf(answers, i);
        }
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.NotAnchored.selector, id));
    }

    function test_RevertGiven_TheRootWasAnchoredAfterTheDeadline() public {
        uint40 until = request.question.deadline();
        vm.warp(until + 1);
        anchor(answers, SIGNERS);
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.DeadlinePassed.selector, until, until + 1));
    }

    function test_RevertWhen_TheTimeForClaimsHasPassed() public {
        anchor(answers, SIGNERS);
        uint256 last = request.question.deadline() + 1 days;
        vm.warp(last + 1);
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.DeadlinePassed.selector, last, last + 1));
    }

    /// @dev Its time ran out too: it hadn't when the root was anchored.
    function test_GivenTheDeadlineHasPassed() public {
        anchor(answers, SIGNERS);
        vm.warp(request.question.deadline() + 1 days);
        assertGt(vm.getBlockTimestamp(), agreement.terms.validUntil, "the agreement has expired");
        expectRecorded(id, verdict, by);
        _claim();
        assertRecorded(request, verdict, by);
    }

    function test_GivenTheRootWasAnchoredInTheLastSecond() public {
        vm.warp(request.question.deadline());
        anchor(answers, SIGNERS);
        skip(1);
        _claim();
        assertRecorded(request, verdict, by);
    }

    function test_RevertGiven_TheAgreementWasWithdrawn() public {
        anchor(answers, SIGNERS);
        withdraw();
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.AgreementNoLongerValid.selector, agreementId));
    }

    function test_RevertWhen_TheScoreIsAboveOneMillion() public {
        answers[2].verdict.score = inClear(1_000_001);
        _anchorSigned();
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.ScoreOutOfRange.selector, 1_000_001, 1_000_000));
    }

    function test_RevertWhen_TheOutcomeIsUnknown() public {
        answers[2].verdict.outcome = inClear(2);
        _anchorSigned();
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.OutcomeUnknown.selector, 2, 2));
    }

    // The proof

    function test_RevertGiven_NoRootWasAnchored() public {
        _expectUnknown(root);
    }

    function test_RevertWhen_TheProofIsOfAnotherAnswer() public {
        anchor(answers, SIGNERS);
        proof = proofOf(answers, 0);
        _expectUnknown(_climb(proof));
    }

    function test_RevertWhen_TheProofIsTooShort() public {
        anchor(answers, SIGNERS);
        while (proof.length != 0) {
            proof.pop();
            _expectUnknown(_climb(proof));
        }
    }

    function test_RevertWhen_TheProofIsTooLong() public {
        anchor(answers, SIGNERS);
        proof.push(0);
        _expectUnknown(_climb(proof));
    }

    function testFuzz_RevertWhen_AWordOfTheProofIsAltered(uint8 place, uint8 word, bytes32 other) public {
        anchor(answers, SIGNERS);
        _select(bound(place, 0, 4));
        word = uint8(bound(word, 0, proof.length - 1));
        vm.assume(proof[word] != other);
        proof[word] = other;
        _expectUnknown(_climb(proof));
    }

    function test_RevertWhen_TheVerdictIsAltered() public {
        anchor(answers, SIGNERS);
        verdict.outcome = inClear(0);
        _expectUnknown(_climb(proof));
        verdict = defaultVerdict();
        verdict.score = inClear(scoreOf(verdict) - 1);
        _expectUnknown(_climb(proof));
        verdict = defaultVerdict();
        verdict.trail ^= bytes32(uint256(1));
        _expectUnknown(_climb(proof));
    }

    function test_RevertGiven_TheRootWasAnchoredForAnotherQuorumOnly() public {
        Attestation memory attestation = attestMany(answers, SIGNERS);
        // As many signed as the request asks for; but a quorum of two would be another pool, with its own signers.
        assent.anchor(root, 5, address(0), 2, attestation);
        _expectUnknown(root);
    }

    function test_RevertGiven_TheRootWasAnchoredForAnotherCurrencyOnly() public {
        useToken(address(new Token()));
        Attestation memory attestation = attestMany(answers, SIGNERS);
        assent.anchor(root, 5, model.currency, 3, attestation);
        _expectUnknown(root);
    }

    /// @dev Two hashes of a tree, packed as the fields of an answer would be, must not pass for one. The leaf's double hash sees to it: a
    /// quorum that anchored the tree has said nothing about whatever its inner nodes might be read as.
    function test_RevertWhen_AnInnerNodeOfAnAnchoredTreeIsGivenForALeafsRoot() public {
        anchor(answers, SIGNERS);
        bytes32[] memory nodes = treeOf(answers);
        // The leaf itself where the node above it should be, and the path from an inner node on.
        for (uint256 from = 1; from < proof.length; ++from) {
            bytes32[] memory rest = new bytes32[](proof.length - from);
            for (uint256 i = 0; i < rest.length; ++i) {
                rest[i] = proof[from + i];
            }
            vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.RootUnknown.selector, _climb(rest)));
            assent.claim(request, verdict, rest);
        }
        // And an inner node's own subtree, which nobody signed, as a report.
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.RootUnknown.selector, nodes[1]));
        assent.claim(answers[4].request, answers[4].verdict, _pathTo(nodes, 1));
    }

    function test_RevertGiven_TheRootIsTooOld() public {
        _anchorAhead(START + Questions.MAX_CLAIM + 1 hours);
        vm.warp(START + Questions.MAX_CLAIM + 1);
        ask(request.question);
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RootTooOld.selector, root, START));
        // The committee can still answer, with stakes behind its word.
        record(request, verdict, attest(request, verdict, SIGNERS));
        assertState(id, RequestState.Recorded);
    }

    function test_GivenTheRootIsAsOldAsItMayBe() public {
        _anchorAhead(START + Questions.MAX_CLAIM + 1 hours);
        vm.warp(START + Questions.MAX_CLAIM);
        ask(request.question);
        _claim();
        assertRecorded(request, verdict, by);
    }

    /// @dev A quorum can anchor a report of requests that aren't made yet, for all that a leaf holds can be known. When it has its stakes back,
    /// nobody is left to answer for what is claimed.
    function test_RevertGiven_TheReportIsOlderThanItsSignersStakes() public {
        _anchorAhead(START + 100 days);
        _replaceCommittee();
        vm.warp(request.question.deadline() - 1 days);
        ask(request.question);
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RootTooOld.selector, root, START));
    }

    // Success

    function test_GivenTheRootWasAnchored() public {
        anchor(answers, 0xb);
        by = SignersLib.pack(1, 0xb);
        skip(10 minutes);
        expectRecorded(id, verdict, by);
        _claim();
        assertRecorded(request, verdict, by);
        assertEq(_earnedByRoot(), FEE, "earned under the root");
        assertEq(earnedBy(1, 0xb), 0, "earned by reports");
        assertState(idOf(answers[0].request), RequestState.Requested);
    }

    /// @dev A report may have been signed by more than a quorum: who is quick chooses whose signatures count, but not what is recorded.
    function test_GivenTheRootWasAnchoredByOthersBeforeTheSignersOwnTransaction() public {
        anchor(answers, 0xe);
        by = SignersLib.pack(1, 0xe);
        Attestation memory attestation = attestMany(answers, SIGNERS);
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.RootExists.selector, root));
        assent.anchor(root, 5, address(0), 3, attestation);
        expectRecorded(id, verdict, by);
        _claim();
        assertEq(_earnedByRoot(), FEE, "earned");
        assertEq(assent.poolInfo(assent.poolOfRoot(root, address(0), 3)).signers, 0xe, "by whom");
        // The signers' own way to record it is not barred for the others.
        recordMany(answers, attestation);
        assertEq(earnedBy(1, SIGNERS), 4 * FEE, "earned by the report");
    }

    function test_GivenTheRootIsOfOneAnswer() public {
        Answer[] memory one = new Answer[](1);
        one[0] = answers[2];
        root = anchor(one, SIGNERS);
        assertEq(root, leafOf(request, verdict), "root");
        delete proof;
        _claim();
        assertRecorded(request, verdict, by);
    }

    function test_GivenTheEpochIsOverSince() public {
        anchor(answers, SIGNERS);
        resignAs(0);
        joinAs(10);
        // Not by the hour that a rotation takes: the requests would be over.
        vm.warp(START + EPOCH_LENGTH);
        agreement.terms.validUntil = START + 1 days;
        give();
        (request,) = ask(questionFor(0, Delivery.Anchored));
        Answer[] memory one = new Answer[](1);
        one[0] = Answer(request, verdict);
        root = anchor(one, SIGNERS);
        committee.rotate();
        skip(EPOCH_GRACE + 1);
        (id, proof) = (idOf(request), new bytes32[](0));
        expectRecorded(id, verdict, by);
        _claim();
        assent.collect(assent.poolOfRoot(root, address(0), 3), 0);
        assertEq(balanceOf(operatorAt(0)), FEE / 3, "who signed, though resigned");
    }

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_GivenThereAreOneTo64Answers(uint8 count, uint256 seed) public {
        Answer[] memory many = sort(askMany(10, bound(count, 1, 64), Delivery.Anchored));
        anchor(many, SIGNERS);
        bytes32[] memory nodes = treeOf(many);
        uint256 stride = 2 * (seed % many.length) + 1;
        while (_gcd(stride, many.length) != 1) stride += 2;
        for (uint256 i = 0; i < many.length; ++i) {
            uint256 place = i * stride % many.length;
            assent.claim(many[place].request, many[place].verdict, proofIn(nodes, place));
            assertState(idOf(many[place].request), RequestState.Recorded);
        }
        assertEq(assent.poolInfo(assent.poolOfRoot(nodes[0], address(0), 3)).earned, many.length * FEE, "earned");
    }

    function test_GivenTheModelsHaveDifferentQuorums() public {
        model.quorum = 4;
        giveFor("of four");
        (request,) = ask(questionFor(0, Delivery.Anchored));
        answers[0] = Answer(request, verdict);
        store(answers, answers);
        root = rootOf(answers);
        (model.quorum, proof) = (3, new bytes32[](0));
        anchor(answers, SIGNERS);
        model.quorum = 4;
        anchor(answers, 0xf);
        for (uint256 i = 0; i < answers.length; ++i) {
            _select(i);
            _claim();
        }
        assertEq(assent.poolInfo(assent.poolOfRoot(root, address(0), 3)).earned, 4 * FEE, "of three");
        assertEq(assent.poolInfo(assent.poolOfRoot(root, address(0), 4)).earned, FEE, "of four");
    }

    function test_GivenTheModelsHaveDifferentCurrencies() public {
        useToken(address(new Token()));
        (request,) = askFromBalance(questionFor(0, Delivery.Anchored));
        answers[0] = Answer(request, verdict);
        store(answers, answers);
        root = anchor(answers, SIGNERS);
        Attestation memory attestation = attestMany(answers, 0xe);
        assent.anchor(root, 5, address(0), 3, attestation);
        for (uint256 i = 0; i < answers.length; ++i) {
            _select(i);
            _claim();
        }
        assertEq(assent.poolInfo(assent.poolOfRoot(root, address(0), 3)).earned, 4 * FEE, "ether");
        assertEq(assent.poolInfo(assent.poolOfRoot(root, model.currency, 3)).earned, FEE, "tokens");
    }

    function test_GivenSubjectAndPublisherEarn() public {
        (agreement.terms.price, model.royalty) = (7, 2500);
        giveFor("with royalty");
        store(answers, askMany(0, 2, Delivery.Anchored));
        _select(1);
        anchor(answers, SIGNERS);
        _claim();
        assertEq(_earnedByRoot(), FEE - FEE / 4, "earned");
        assertEq(assent.agreementStatus(agreementId).earning, 1, "earning");
    }

    function test_GivenTheReportWasRecordedToo() public {
        Attestation memory attestation = attestMany(answers, SIGNERS);
        anchor(answers, SIGNERS);
        _claim();
        expectSkipped(id, IVerdictOracle.Obstacle.NotOpen);
        recordMany(answers, attestation);
        assertEq(_earnedByRoot(), FEE, "under the root");
        assertEq(earnedBy(1, SIGNERS), 4 * FEE, "by the report");
    }

    function test_GivenTheQuestionAskedForACallback() public {
        Receiver receiver = new Receiver(assent);
        vm.deal(address(receiver), FEE);
        agreement.controller = address(receiver);
        give();
        Asked memory parts = asked(0);
        (parts.callback, parts.delivery) = (200, Delivery.Anchored);
        (request,) = ask(Questions.pack(parts));
        answers[0] = Answer(request, verdict);
        store(answers, answers);
        anchor(answers, SIGNERS);
        for (uint256 i = 0; i < answers.length; ++i) {
            if (idOf(answers[i].request) == idOf(request)) _select(i);
        }
        expectRecorded(id, verdict, by);
        _claim();
        assertEq(receiver.told(), 1, "told");
        assertEq(receiver.score(), scoreOf(verdict), "score");
    }

    function _select(uint256 place) private {
        (root, proof) = (rootOf(answers), proofOf(answers, place));
        (request, verdict) = (answers[place].request, answers[place].verdict);
        id = idOf(request);
    }

    /// @dev Anchors the answers as they read now.
    function _anchorSigned() private {
        store(answers, answers);
        for (uint256 i = 0; i < answers.length; ++i) {
            if (idOf(answers[i].request) == id) _select(i);
        }
        anchor(answers, SIGNERS);
    }

    /// @dev Anchors an answer to a request that is still to be made.
    function _anchorAhead(uint256 deadline_) private {
        agreement.terms.validUntil = START + 365 days;
        give();
        Asked memory parts = asked(0);
        (parts.delivery, parts.deadline) = (Delivery.Anchored, uint40(deadline_));
        Answer[] memory one = new Answer[](1);
        one[0] = Answer(requestNow(Questions.pack(parts)), verdict);
        root = anchor(one, SIGNERS);
        (request, id) = (one[0].request, idOf(one[0].request));
        delete proof;
    }

    /// @dev All members of epoch 1 leave with their stakes, and others come.
    function _replaceCommittee() private {
        // One leaves at a time.
        for (uint256 i = 0; i < 4; ++i) {
            resignAs(i);
            joinAs(i + 10);
            skip(EPOCH_LENGTH);
            committee.rotate();
        }
        skip(UNBONDING);
        for (uint256 i = 0; i < 4; ++i) {
            vm.prank(operatorAt(i));
            committee.withdrawStake();
        }
    }

    function _claim() private {
        vm.prank(stranger);
        assent.claim(request, verdict, proof);
    }

    function _earnedByRoot() private view returns (uint256) {
        return assent.poolInfo(assent.poolOfRoot(root, model.currency, model.quorum)).earned;
    }

    /// @return node Where a path leads from the leaf of the request and verdict chosen.
    function _climb(bytes32[] memory path) private view returns (bytes32 node) {
        node = leafOf(request, verdict);
        for (uint256 i = 0; i < path.length; ++i) {
            node = hashPair(node, path[i]);
        }
    }

    /// @return path From the last answer up to this inner node.
    function _pathTo(bytes32[] memory nodes, uint256 top) private pure returns (bytes32[] memory path) {
        path = new bytes32[](nodes.length);
        uint256 length = 0;
        for (uint256 index = nodes.length / 2; index != top; index = (index - 1) / 2) {
            path[length++] = nodes[index % 2 == 0 ? index - 1 : index + 1];
        }
        assembly {
            mstore(path, length)
        }
    }

    function _gcd(uint256 a, uint256 b) private pure returns (uint256) {
        return b == 0 ? a : _gcd(b, a % b);
    }

    function _expectUnknown(bytes32 reached) private {
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RootUnknown.selector, reached));
        assertState(id, RequestState.Requested);
    }

    function _expectNotOpen(RequestState state) private {
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RequestNotOpen.selector, id, state));
    }

    function _expectRevert(bytes memory reason) private {
        vm.expectRevert(reason);
        _claim();
    }
}
