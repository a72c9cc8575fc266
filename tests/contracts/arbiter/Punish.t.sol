// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Hashes } from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

import { IArbiter } from "../../../contracts/interfaces/IArbiter.sol";
import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { Testimony } from "../../../contracts/types/Challenge.sol";
import { Answer, Attestation, Request, RequestState, Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { inClear, scoreOf, verdictOf } from "../base/Verdict.sol";
import { ArbiterTest } from "./ArbiterTest.sol";

contract PunishTest is ArbiterTest {
    function test_RevertGiven_ItWasNotCorrected() public {
        Testimony memory testimony = _testimonyOf(0);
        bytes memory reason = abi.encodeWithSelector(IArbiter.TestimonyIrrelevant.selector, id);
        _expectRevert(testimony, reason); // recorded
        challenge();
        _expectRevert(testimony, reason); // challenged
        review(defaultVerdict(), 0x7);
        _expectRevert(testimony, reason); // upheld
    }

    function test_RevertGiven_ItWasNeverMade() public {
        (, uint256 key) = attesterAt(0);
        Request memory another = expectedRequest(1);
        // As empty as what is stored about it.
        Testimony memory testimony = testify(key, another, verdictOf(0, 0, 0));
        bytes4 reason = IArbiter.TestimonyIrrelevant.selector;
        _expectRevert(testimony, abi.encodeWithSelector(reason, assent.requestId(agreementId, 1)));
    }

    function test_RevertWhen_AnotherVerdictWasSigned() public {
        challengeAndCorrect();
        (, uint256 key) = attesterAt(0);
        bytes memory reason = abi.encodeWithSelector(IArbiter.TestimonyIrrelevant.selector, id);
        _expectRevert(testify(key, request, otherVerdict()), reason); // the right one
        Verdict memory verdict = defaultVerdict();
        verdict.score = inClear(scoreOf(verdict) - 1);
        _expectRevert(testify(key, request, verdict), reason);
        verdict = defaultVerdict();
        verdict.outcome = inClear(0);
        _expectRevert(testify(key, request, verdict), reason);
    }

    function test_RevertWhen_AStrangerSigned() public {
        challengeAndCorrect();
        Testimony memory testimony = testify(strangerKey, request, defaultVerdict());
        _expectRevert(testimony, abi.encodeWithSelector(IArbiter.AttesterUnknown.selector, stranger));
    }

    /// @dev What recovers nobody is nobody's, though nobody's key belongs to the operator at the zero address.
    function test_RevertWhen_TheSignatureIsVoid() public {
        challengeAndCorrect();
        Testimony memory testimony = _testimonyOf(0);
        testimony.signature = new bytes(64);
        _expectRevert(testimony, abi.encodeWithSelector(IArbiter.AttesterUnknown.selector, address(0)));
        testimony.signature = abi.encodePacked(uint256(1), ORDER / 2 + 1);
        _expectRevert(testimony, abi.encodeWithSelector(IArbiter.AttesterUnknown.selector, address(0)));
    }

    function test_RevertWhen_TheSignatureHasAnotherLength() public {
        challengeAndCorrect();
        Testimony memory testimony = _testimonyOf(0);
        testimony.signature = expand(testimony.signature);
        _expectRevert(testimony, abi.encodeWithSelector(IVerdictOracle.SignaturesMalformed.selector, 65, 64));
        testimony.signature = "";
        _expectRevert(testimony, abi.encodeWithSelector(IVerdictOracle.SignaturesMalformed.selector, 0, 64));
    }

    /// @dev Altered evidence is signed by whoever the altered digest recovers to: nobody known.
    function test_RevertWhen_TheTestimonyIsAltered() public {
        challengeAndCorrect();
        _expectNobody(_alter(0));
        _expectNobody(_alter(1));
        _expectNobody(_alter(2));
        _expectNobody(_alter(3));
        _expectNobody(_alter(4));
    }

    function test_RevertGiven_TheOperatorWasPunishedForIt() public {
        challengeAndCorrect();
        Testimony memory testimony = _testimonyOf(0);
        assent.punish(testimony);
        _expectRevert(testimony, abi.encodeWithSelector(IArbiter.AlreadyPunished.selector, id, operatorAt(0)));
        // Nor by a second signature of the same verdict, with another trail.
        (, uint256 key) = attesterAt(0);
        Verdict memory verdict = defaultVerdict();
        verdict.trail = keccak256("another trail");
        testimony = testify(key, request, verdict);
        _expectRevert(testimony, abi.encodeWithSelector(IArbiter.AlreadyPunished.selector, id, operatorAt(0)));
    }

    function test_GivenItWasCorrected() public {
        challengeAndCorrect();
        uint256 balance = address(assent).balance;
        uint256 rest = balanceOf(address(0));
        for (uint256 i = 0; i < 3; ++i) {
            Testimony memory testimony = _testimonyOf(i);
            vm.expectEmit(address(assent));
            emit IArbiter.OperatorSlashed(id, operatorAt(i), challenger, PENALTY, PENALTY / 2);
            vm.prank(stranger);
            assent.punish(testimony);
            assertEq(assent.operatorInfo(operatorAt(i)).stake, STAKE - PENALTY, "stake");
        }
        assertEq(balanceOf(challenger), BOND + 3 * (PENALTY / 2), "rewards");
        assertEq(balanceOf(address(0)) - rest, 3 * (PENALTY - PENALTY / 2), "nobody's");
        assertEq(balanceOf(stranger), 0, "nothing for who sends it");
        assertEq(address(assent).balance, balance, "balance");
        assertEq(assent.operatorInfo(operatorAt(3)).stake, STAKE, "who didn't sign");
    }

    /// @dev It signed the wrong verdict, whether or not its signature was among those recorded.
    function test_GivenTheSignatureWasNotAmongThoseRecorded() public {
        challengeAndCorrect();
        assent.punish(_testimonyOf(3));
        assertEq(assent.operatorInfo(operatorAt(3)).stake, STAKE - PENALTY, "stake");
    }

    function test_WhenTheEvidenceIsAReportOfMany() public {
        Answer[] memory answers = new Answer[](3);
        bytes32[] memory leaves = new bytes32[](3);
        for (uint32 i = 0; i < 3; ++i) {
            (Request memory asked_,) = ask(i + 1);
            answers[i] = Answer(asked_, verdictOf(1, 900_000 + i, keccak256(abi.encode(i))));
            leaves[i] = leafOf(asked_, answers[i].verdict);
        }
        // The tree of three: the first two leaves under a node of their own.
        bytes32 root = Hashes.commutativeKeccak256(Hashes.commutativeKeccak256(leaves[1], leaves[0]), leaves[2]);
        Attestation memory attestation = attestReport(1, Verdicts.hashReport(1, 3, root), 0x7);
        assent.recordMany(answers, attestation);
        (request, id) = (answers[0].request, assent.requestId(agreementId, 1));
        keep(request, answers[0].verdict, attestation.by);
        challengeAndCorrect();

        bytes32[] memory proof = new bytes32[](2);
        (proof[0], proof[1]) = (leaves[1], leaves[2]);
        bytes memory signature = slice(attestation.signatures, 64, 128);
        assent.punish(Testimony(answers[0].request, answers[0].verdict, proof, 1, 3, signature));
        assertEq(assent.operatorInfo(operatorAt(1)).stake, STAKE - PENALTY, "stake");
    }

    function test_GivenTheOperatorChangedItsKey() public {
        Testimony memory testimony = _testimonyOf(0);
        (address attester, uint256 key) = attesterAt(9);
        changeKeysAs(0, attester, key);
        skip(EPOCH_LENGTH);
        assent.rotate();
        challengeAndCorrect();
        assent.punish(testimony);
        assertEq(assent.operatorInfo(operatorAt(0)).stake, STAKE - PENALTY, "stake");
    }

    function test_GivenTheOperatorResigned() public {
        challengeAndCorrect();
        resignAs(0);
        assent.punish(_testimonyOf(0));
        assertEq(assent.operatorInfo(operatorAt(0)).stake, STAKE - PENALTY, "stake");
    }

    function test_GivenLessIsLeftThanThePenalty() public {
        hoax(stranger, 1);
        assent.addStake{ value: 1 }(operatorAt(0)); // so that an odd wei is left of it
        _correctAndPunish(1, PENALTY);
        _correctAndPunish(2, PENALTY);
        _correctAndPunish(3, 1);
        assertEq(assent.operatorInfo(operatorAt(0)).stake, 0, "stake");
    }

    /// @dev A transaction that takes nothing is a loss to whoever was made to send it. What it did isn't forgiven.
    function test_RevertGiven_NothingIsLeft() public {
        _correctAndPunish(1, PENALTY);
        _correctAndPunish(2, PENALTY);
        (request, id) = askAndRecord(3, 0x7);
        challengeAndCorrect();
        Testimony memory testimony = _testimonyOf(0);
        vm.expectRevert(abi.encodeWithSelector(IArbiter.NothingToSlash.selector, operatorAt(0)));
        assent.punish(testimony);
        hoax(stranger, 1);
        assent.addStake{ value: 1 }(operatorAt(0));
        assent.punish(testimony);
        assertEq(assent.operatorInfo(operatorAt(0)).stake, 0, "stake");
    }

    function test_RevertGiven_TheOperatorTookItsStakeBack() public {
        challengeAndCorrect();
        Testimony memory testimony = _testimonyOf(0);
        joinAs(4);
        address operator = leaveAs(0);
        vm.expectRevert(abi.encodeWithSelector(IArbiter.NothingToSlash.selector, operator));
        assent.punish(testimony);
    }

    /// @dev Out of the set until somebody adds to its stake.
    function test_GivenTheStakeFallsBelowTheLeast() public {
        joinAs(4);
        challengeAndCorrect();
        assent.punish(_testimonyOf(0));
        skip(EPOCH_LENGTH);
        assent.rotate();
        (address attester,) = attesterAt(0);
        for (uint256 i = 0; i < 4; ++i) {
            assertNotEq(assent.membersOf(2)[i], attester, "no member");
        }
        hoax(operatorAt(0), PENALTY);
        assent.addStake{ value: PENALTY }(operatorAt(0));
        assent.release(operatorAt(0));
        skip(EPOCH_LENGTH);
        assent.rotate();
        assertEq(assent.membersOf(3)[4], attester, "a member again");
    }

    /// @dev Else it would pay to report oneself for a conflict made up to that end, and leave the challenger without its reward.
    function test_GivenTheOperatorReportedItselfForAConflict() public {
        (, uint256 key) = attesterAt(0);
        Testimony memory made = testify(key, request, verdictOf(0, 0, 0));
        assent.punishConflict(about, model, _testimonyOf(0), made);
        challengeAndCorrect();
        assent.punish(_testimonyOf(0));
        assertEq(balanceOf(challenger), BOND + PENALTY / 2, "reward");
        assertEq(assent.operatorInfo(operatorAt(0)).stake, STAKE - 2 * PENALTY, "stake");
    }

    /// @dev Near a model's threshold two honest scores, each within the tolerance of the signers' own, give two outcomes: the label goes
    /// with the score. The verdict may be corrected, but nobody who signed it can be told from an honest operator.
    function test_RevertGiven_BothVerdictsMayBeHonest() public {
        (request, id) = ask(1);
        Verdict memory above = verdictOf(1, 500_000 + model.tolerance, keccak256("above"));
        Verdict memory below = verdictOf(0, 500_000 - model.tolerance, keccak256("below"));
        record(request, above, attest(request, above, 0x7));
        challenge();
        review(below, 0xe);
        assertState(id, RequestState.Corrected);
        (, uint256 key) = attesterAt(0);
        Testimony memory testimony = testify(key, request, above);
        _expectRevert(testimony, abi.encodeWithSelector(IArbiter.CorrectedWithoutFault.selector, id));
    }

    /// @dev What one score is called is no matter of tolerance.
    function test_GivenOnlyTheOutcomeWasCorrected() public {
        Verdict memory verdict = defaultVerdict();
        verdict.outcome = inClear(0);
        challenge();
        review(verdict, 0xe);
        assent.punish(_testimonyOf(0));
        assertEq(assent.operatorInfo(operatorAt(0)).stake, STAKE - PENALTY, "stake");
    }

    /// @dev That somebody signs the review doesn't clear it of the report.
    function test_GivenTheOperatorSignedTheReviewToo() public {
        challenge();
        review(otherVerdict(), 0xf);
        assent.punish(_testimonyOf(0));
        assertEq(assent.operatorInfo(operatorAt(0)).stake, STAKE - PENALTY, "stake");
    }

    function _testimonyOf(uint256 i) private returns (Testimony memory) {
        (, uint256 key) = attesterAt(i);
        return testify(key, request, defaultVerdict());
    }

    /// @dev Another epoch, count, proof, trail or question than was signed.
    function _alter(uint256 what) private returns (Testimony memory testimony) {
        testimony = _testimonyOf(0);
        if (what == 0) testimony.epoch = 2;
        if (what == 1) testimony.count = 2;
        if (what == 2) testimony.proof = new bytes32[](1);
        if (what == 3) testimony.verdict.trail = keccak256("another trail");
        if (what == 4) testimony.request.controller = stranger;
    }

    function _correctAndPunish(uint32 use, uint256 penalty) private {
        (request, id) = askAndRecord(use, 0x7);
        challengeAndCorrect();
        Testimony memory testimony = _testimonyOf(0);
        uint256 before = balanceOf(challenger);
        uint256 rest = balanceOf(address(0));
        vm.expectEmit(address(assent));
        emit IArbiter.OperatorSlashed(id, operatorAt(0), challenger, penalty, penalty / 2);
        assent.punish(testimony);
        assertEq(balanceOf(challenger) - before, penalty / 2, "reward");
        assertEq(balanceOf(address(0)) - rest, penalty - penalty / 2, "nobody's");
    }

    function _expectNobody(Testimony memory testimony) private {
        vm.expectPartialRevert(IArbiter.AttesterUnknown.selector);
        assent.punish(testimony);
    }

    function _expectRevert(Testimony memory testimony, bytes memory reason) private {
        vm.expectRevert(reason);
        assent.punish(testimony);
    }
}
