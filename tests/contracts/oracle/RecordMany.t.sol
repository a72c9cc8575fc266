// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { Agreement } from "../../../contracts/types/Agreement.sol";
import { AgreementId } from "../../../contracts/types/Ids.sol";
import { Model } from "../../../contracts/types/Model.sol";
import { Quote } from "../../../contracts/types/Quote.sol";
import { Signers, SignersLib } from "../../../contracts/types/Signers.sol";
import { Answer, Attestation, Request } from "../../../contracts/types/Verdict.sol";
import { inClear, verdictOf } from "../base/Verdict.sol";
import { Token } from "../treasury/Tokens.sol";
import { OracleTest } from "./OracleTest.sol";

/// @notice What `recordMany` makes of a report as a whole; what it skips is in `RecordManySkips.t.sol`.
contract RecordManyTest is OracleTest {
    function setUp() public override {
        super.setUp();
        give();
    }

    // The report

    function test_RevertWhen_TheReportIsEmpty() public {
        Attestation memory attestation = attestTree(0, 0, SIGNERS);
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.ReportSize.selector, 0, 256));
        recordMany(new Answer[](0), attestation);
    }

    function test_RevertWhen_TheReportIsTooLarge() public {
        Attestation memory attestation = attestTree(257, 0, SIGNERS);
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.ReportSize.selector, 257, 256));
        recordMany(new Answer[](257), attestation);
    }

    function test_WhenTheReportIsAsLargeAsItMayBe() public {
        Answer[] memory answers = _askMany(256);
        recordMany(answers, attestMany(answers, SIGNERS));
        for (uint256 i = 0; i < answers.length; ++i) {
            _assertRecorded(answers[i], SIGNERS);
        }
        assertEq(earnedBy(1, SIGNERS), 256 * FEE, "earned");
    }

    function test_RevertWhen_TheAnswersAreInAnotherOrderThanTheTrees() public {
        Answer[] memory answers = sort(askMany(0, 3));
        Attestation memory attestation = attestMany(answers, SIGNERS);
        // Two swapped leaves under one node would have the same root, for pairs are sorted; these two aren't.
        (answers[0], answers[2]) = (answers[2], answers[0]);
        _expectUnsigned(answers, attestation);
    }

    function test_RevertWhen_AnAnswerIsLeftOut() public {
        Answer[] memory answers = sort(askMany(0, 3));
        Attestation memory attestation = attestMany(answers, SIGNERS);
        Answer[] memory fewer = new Answer[](2);
        (fewer[0], fewer[1]) = (answers[0], answers[1]);
        _expectUnsigned(fewer, attestation);
    }

    function test_RevertWhen_AnAnswerIsAdded() public {
        Answer[] memory answers = sort(askMany(0, 2));
        Attestation memory attestation = attestMany(answers, SIGNERS);
        Answer[] memory more = new Answer[](3);
        (more[0], more[1], more[2]) = (answers[0], answers[1], answers[1]);
        _expectUnsigned(more, attestation);
    }

    function test_RevertWhen_AnAnswerIsAltered() public {
        Answer[] memory answers = sort(askMany(0, 3));
        Attestation memory attestation = attestMany(answers, SIGNERS);
        answers[1].verdict.outcome = inClear(0);
        _expectUnsigned(answers, attestation);
        answers[1].verdict.outcome = inClear(1);
        answers[1].verdict.trail ^= bytes32(uint256(1));
        _expectUnsigned(answers, attestation);
        answers[1].verdict.trail ^= bytes32(uint256(1));
        answers[1].request.controller = stranger;
        _expectUnsigned(answers, attestation);
    }

    function test_RevertWhen_AnotherCountWasSigned() public {
        Answer[] memory answers = sort(askMany(0, 3));
        _expectUnsigned(answers, attestTree(2, rootOf(answers), SIGNERS));
        _expectUnsigned(answers, attestTree(4, rootOf(answers), SIGNERS));
    }

    function test_RevertWhen_TheEpochIsOver() public {
        Answer[] memory answers = sort(askMany(0, 3));
        Attestation memory attestation = attestMany(answers, SIGNERS);
        rotateToNext();
        skip(EPOCH_GRACE + 1);
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.EpochStale.selector, 1, 2));
        recordMany(answers, attestation);
    }

    /// @dev The mark is over all of the word, and the pool is named by it.
    function test_RevertWhen_ABitIsBeyondTheSigners() public {
        Answer[] memory answers = sort(askMany(0, 2));
        Attestation memory attestation = attestMany(answers, SIGNERS);
        for (uint256 bit = SignersLib.BITS; bit < 256; ++bit) {
            attestation.by = Signers.wrap(Signers.unwrap(byEpoch1()) | 1 << bit);
            uint256 given = 1 | 1 << (bit - 64);
            vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.EpochStale.selector, given, 1));
            recordMany(answers, attestation);
        }
        assertEq(earnedBy(1, SIGNERS), 0, "earned");
    }

    // The quorum

    function test_RevertWhen_TheSignersAreNotJustTheQuorum() public {
        Answer[] memory answers = sort(askMany(0, 3));
        _expectQuorumMismatch(answers, 0x3, 2, 3);
        _expectQuorumMismatch(answers, 0xf, 4, 3);
    }

    /// @dev One that asks for more signers, made up or not, would leave too few who didn't sign the others to judge them.
    function test_RevertWhen_TheModelsHaveDifferentQuorums() public {
        Answer[] memory answers = _withQuorums();
        (uint8 first, uint8 second) = (answers[0].request.quote.quorum(), answers[1].request.quote.quorum());
        for (uint64 signers = 3; signers < 16; signers = 2 * signers + 1) {
            _expectQuorumMismatch(answers, signers, second, first);
        }
    }

    /// @dev Nor if the other is skipped.
    function test_RevertWhen_AnotherQuorumIsThatOfARequestThatWasNeverMade() public {
        Answer[] memory answers = askMany(0, 2);
        uint256 quorum = answers[0].request.quote.quorum();
        Request memory made = expectedRequest(77);
        made.quote = Quote.wrap(Quote.unwrap(made.quote) & ~uint256(0xff00) | (quorum + 1) << 8);
        answers[1].request = made;
        sort(answers);
        bool last = answers[1].request.quote.quorum() != quorum;
        (uint256 given, uint256 wanted) = last ? (quorum + 1, quorum) : (quorum, quorum + 1);
        _expectQuorumMismatch(answers, 0xf, given, wanted);
    }

    // Verdicts and money

    function test_WhenThereIsOneAnswer() public {
        Answer[] memory answers = askMany(0, 1);
        // The report of one that `record` takes too.
        Attestation memory attestation = attest(answers[0].request, answers[0].verdict, SIGNERS);
        recordMany(answers, attestation);
        _assertRecorded(answers[0], SIGNERS);
        assertEq(earnedBy(1, SIGNERS), FEE, "earned");
    }

    /// forge-config: default.fuzz.runs = 128
    function testFuzz_WhenThereAreOneTo64Answers(uint8 count, uint256 seed) public {
        Answer[] memory answers = askMany(0, bound(count, 1, 64));
        for (uint256 i = 0; i < answers.length; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            answers[i].verdict = verdictOf(uint8(seed % 2), uint32((seed >> 8) % 1_000_001), bytes32(seed));
        }
        sort(answers);
        Attestation memory attestation = attestMany(answers, 0xe);
        for (uint256 i = 0; i < answers.length; ++i) {
            expectRecorded(idOf(answers[i].request), answers[i].verdict, attestation.by);
        }
        recordMany(answers, attestation);
        for (uint256 i = 0; i < answers.length; ++i) {
            _assertRecorded(answers[i], 0xe);
        }
        assertEq(earnedBy(1, 0xe), FEE * answers.length, "earned");
    }

    function testFuzz_WhenTheCurrenciesAreMixed(uint256 seed) public {
        Answer[] memory answers = new Answer[](8);
        Agreement memory inEther = agreement;
        useToken(address(new Token()));
        (Agreement memory inTokens, Model memory paidInTokens) = (agreement, model);
        uint256 tokens = 0;
        for (uint32 i = 0; i < answers.length; ++i) {
            bool isToken = (seed >> i) & 1 == 1;
            _use(isToken ? inTokens : inEther, isToken ? paidInTokens.currency : address(0), isToken ? 1 : 0);
            (Request memory request,) = askFromBalance(defaultQuestion(i));
            answers[i] = Answer(request, defaultVerdict());
            if (isToken) ++tokens;
        }
        sort(answers);
        recordMany(answers, attestMany(answers, SIGNERS));
        _use(inTokens, paidInTokens.currency, 1);
        assertEq(earnedBy(1, SIGNERS), FEE * tokens, "earned in tokens");
        _use(inEther, address(0), 0);
        assertEq(earnedBy(1, SIGNERS), FEE * (8 - tokens), "earned in ether");
    }

    /// @dev Anyone can make a token, and a model with whatever fee in it.
    function test_WhenTheFeesOfATokenAreBeyond96Bits() public {
        Answer[] memory answers = new Answer[](3);
        (answers[0].request,) = ask(0);
        model.fee = type(uint96).max;
        useToken(address(new Token()));
        (answers[1].request,) = askFromBalance(defaultQuestion(0));
        (answers[2].request,) = askFromBalance(defaultQuestion(1));
        for (uint256 i = 0; i < answers.length; ++i) {
            answers[i].verdict = defaultVerdict();
        }
        sort(answers);
        recordMany(answers, attestMany(answers, SIGNERS));
        for (uint256 i = 0; i < answers.length; ++i) {
            _assertRecorded(answers[i], SIGNERS);
        }
        assertEq(earnedBy(1, SIGNERS), 2 * uint256(type(uint96).max), "earned in the token");
        assertEq(assent.poolInfo(assent.poolOf(1, SIGNERS, model.currency)).signers, SIGNERS, "by whom");
        assertEq(assent.poolInfo(assent.poolOf(1, SIGNERS, address(0))).earned, FEE, "earned in ether");
    }

    function test_WhenSubjectsAndPublishersEarn() public {
        Answer[] memory answers = new Answer[](5);
        AgreementId first = agreementId;
        (answers[0].request,) = ask(0);
        (agreement.terms.price, agreement.source.salt) = (7, keccak256("priced"));
        give();
        AgreementId second = agreementId;
        (answers[1].request,) = ask(0);
        (answers[2].request,) = ask(1);
        model.royalty = 5000;
        giveFor("with royalty");
        (answers[3].request,) = ask(0);
        (answers[4].request,) = ask(9);
        for (uint256 i = 0; i < answers.length; ++i) {
            answers[i].verdict = defaultVerdict();
        }
        sort(answers);
        recordMany(answers, attestMany(answers, SIGNERS));
        assertEq(assent.agreementStatus(first).earning, 0, "neither price nor royalty");
        assertEq(assent.agreementStatus(second).earning, 2, "price");
        assertEq(assent.agreementStatus(agreementId).earning, 2, "price and royalty");
        assertEq(earnedBy(1, SIGNERS), 3 * FEE + 2 * (FEE - FEE / 2), "earned");
    }

    /// @dev Under one agreement that allows as many uses; sorted.
    function _askMany(uint256 count) private returns (Answer[] memory) {
        agreement.terms.uses = uint32(count);
        give();
        return sort(askMany(0, count));
    }

    function _use(Agreement memory one, address currency, uint32 index) private {
        (agreement, agreementId) = (one, hasher.agreementId(one));
        (model.currency, currencyIndex) = (currency, index);
    }

    /// @return answers Of three models, which ask for two, three and four signers.
    function _withQuorums() private returns (Answer[] memory answers) {
        answers = new Answer[](3);
        for (uint8 i = 0; i < 3; ++i) {
            model.quorum = 2 + i;
            giveFor(abi.encode(i));
            (Request memory request,) = ask(0);
            answers[i] = Answer(request, defaultVerdict());
        }
        sort(answers);
    }

    function _assertRecorded(Answer memory answer, uint64 signers) private view {
        assertRecorded(answer.request, answer.verdict, SignersLib.pack(1, signers));
    }

    function _expectUnsigned(Answer[] memory answers, Attestation memory attestation) private {
        vm.expectPartialRevert(IVerdictOracle.SignerMismatch.selector);
        recordMany(answers, attestation);
        assertEq(earnedBy(1, SIGNERS), 0, "earned");
    }

    function _expectQuorumMismatch(Answer[] memory answers, uint64 signers, uint256 given, uint256 wanted) private {
        Attestation memory attestation = attestMany(answers, signers);
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.QuorumMismatch.selector, given, wanted));
        recordMany(answers, attestation);
    }
}
