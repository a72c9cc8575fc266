// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Hashes } from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

import { IArbiter } from "../../../contracts/interfaces/IArbiter.sol";
import { ITreasury } from "../../../contracts/interfaces/ITreasury.sol";
import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { Testimony } from "../../../contracts/types/Challenge.sol";
import { Model } from "../../../contracts/types/Model.sol";
import { Asked, Disclosure, Questions } from "../../../contracts/types/Question.sol";
import { Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { inClear, verdictOf } from "../base/Verdict.sol";
import { ArbiterTest } from "./ArbiterTest.sol";

contract PunishConflictTest is ArbiterTest {
    address private operator;
    uint256 private key;

    function setUp() public override {
        super.setUp();
        operator = operatorAt(0);
        (, key) = attesterAt(0);
    }

    /// @dev Else an operator could sign what it likes to be slashed to an accomplice.
    function test_RevertGiven_TheRequestWasNeverMade() public {
        request = expectedRequest(1);
        id = assent.requestId(agreementId, 1);
        bytes memory reason = abi.encodeWithSelector(IArbiter.TestimonyIrrelevant.selector, id);
        about = named(1);
        _expectRevert(_scored(0), _scored(1_000_000), reason);
    }

    function test_RevertWhen_ATestimonyIsOfAnotherRequest() public {
        Testimony memory first = _scored(0);
        (request,) = ask(1);
        Testimony memory second = _scored(1_000_000);
        bytes memory reason = abi.encodeWithSelector(IArbiter.TestimonyIrrelevant.selector, id);
        _expectRevert(first, second, reason);
        _expectRevert(second, first, reason);
        reason = abi.encodeWithSelector(IArbiter.TestimonyIrrelevant.selector, assent.requestId(agreementId, 1));
        about = named(1);
        _expectRevert(first, second, reason);
    }

    /// @dev Its tolerance may be another's: of its own, the verdicts would be compatible.
    function test_RevertWhen_TheModelIsAnother() public {
        Testimony memory first = _scored(0);
        Testimony memory second = _scored(2 * model.tolerance);
        Model memory other = model;
        other.tolerance = 0;
        vm.expectRevert(abi.encodeWithSelector(ITreasury.ModelMismatch.selector));
        assent.punishConflict(about, other, first, second);
    }

    /// @dev Two commitments differ, whatever they are commitments to.
    function test_RevertWhen_TheQuestionAskedToHaveSomethingSealed() public {
        Asked memory parts = asked(1);
        parts.disclosure = Disclosure.OutcomeAndScore;
        (request, id) = ask(Questions.pack(parts));
        about = named(1);
        _expectRevert(_scored(0), _scored(1_000_000), abi.encodeWithSelector(IArbiter.TestimonyIrrelevant.selector, id));
    }

    function test_RevertWhen_TheScoresAreTwiceTheToleranceApart() public {
        uint256 allowed = 2 * uint256(model.tolerance);
        _expectCompatible(_scored(500_000), _scored(uint32(500_000 + allowed)), allowed);
        _expectCompatible(_scored(uint32(500_000 + allowed)), _scored(500_000), allowed);
    }

    function test_RevertWhen_TheTestimoniesAreTheSame() public {
        _expectCompatible(_scored(500_000), _scored(500_000), 0);
    }

    function test_RevertWhen_TwoOperatorsSigned() public {
        (, uint256 another) = attesterAt(1);
        Testimony memory second = testify(another, request, verdictOf(1, 1_000_000, 0));
        _expectRevert(_scored(0), second, abi.encodeWithSelector(IArbiter.TestimonyIrrelevant.selector, id));
    }

    function test_RevertWhen_AStrangerSigned() public {
        Testimony memory first = _scored(0);
        key = strangerKey;
        Testimony memory second = _scored(1_000_000);
        bytes memory reason = abi.encodeWithSelector(IArbiter.AttesterUnknown.selector, stranger);
        _expectRevert(first, second, reason);
        _expectRevert(second, first, reason);
    }

    function test_RevertWhen_ASignatureHasAnotherLength() public {
        Testimony memory second = _scored(1_000_000);
        second.signature = slice(second.signature, 0, 63);
        bytes memory reason = abi.encodeWithSelector(IVerdictOracle.SignaturesMalformed.selector, 63, 64);
        _expectRevert(_scored(0), second, reason);
    }

    /// @dev One signature doesn't make two.
    function test_RevertWhen_ATestimonyIsAltered() public {
        Testimony memory first = _scored(0);
        Testimony memory altered = _scored(0);
        altered.verdict.score = inClear(1_000_000);
        vm.expectPartialRevert(IArbiter.AttesterUnknown.selector);
        assent.punishConflict(about, model, first, altered);
    }

    function test_RevertGiven_TheOperatorWasPunishedForIt() public {
        _punish(_scored(0), _scored(1_000_000));
        bytes memory reason = abi.encodeWithSelector(IArbiter.AlreadyPunished.selector, id, operator);
        _expectRevert(_scored(5), _scored(999_999), reason);
    }

    function test_WhenTheScoresAreFurtherApart() public {
        uint32 apart = 2 * uint32(model.tolerance) + 1;
        _assertPunishes(_scored(500_000), _scored(500_000 + apart));
    }

    function test_WhenTheScoresAreFurtherApartTheOtherWay() public {
        uint32 apart = 2 * uint32(model.tolerance) + 1;
        _assertPunishes(_scored(500_000 + apart), _scored(500_000));
    }

    /// @dev Near a threshold, each score within the tolerance may have its own outcome.
    function test_RevertWhen_TwoCloseScoresHaveTwoOutcomes() public {
        Testimony memory first = testify(key, request, verdictOf(0, 500_000, 0));
        Testimony memory second = testify(key, request, verdictOf(1, 500_001, 0));
        _expectCompatible(first, second, 1);
    }

    /// @dev What one score is called is no matter of tolerance.
    function test_WhenOneScoreHasTwoOutcomes() public {
        Testimony memory first = testify(key, request, verdictOf(0, 500_000, 0));
        Testimony memory second = testify(key, request, verdictOf(1, 500_000, 0));
        _assertPunishes(first, second);
    }

    function test_GivenTheRequestIsStillOpen() public {
        (request, id) = ask(1);
        about = named(1);
        Testimony memory first = _scored(0);
        Testimony memory second = _scored(1_000_000);
        vm.expectEmit(address(assent));
        emit IArbiter.OperatorSlashed(id, operator, stranger, PENALTY, PENALTY / 2);
        vm.prank(stranger);
        assent.punishConflict(about, model, first, second);
    }

    function test_WhenTheReportsAreOfTwoEpochs() public {
        Testimony memory first = _scored(0);
        rotateToNext();
        _assertPunishes(first, _scored(1_000_000));
    }

    /// @dev Else each new key would clear an operator of what it signed with the old one.
    function test_WhenTheReportsAreByTwoKeysOfTheOperator() public {
        Testimony memory first = _scored(0);
        address attester;
        (attester, key) = attesterAt(9);
        changeKeysAs(0, attester, key);
        skip(EPOCH_LENGTH);
        assent.rotate();
        _assertPunishes(first, _scored(1_000_000));
    }

    function test_WhenAReportIsOfMany() public {
        bytes32[] memory proof = new bytes32[](1);
        proof[0] = keccak256("the other leaf");
        Verdict memory verdict = verdictOf(1, 1_000_000, 0);
        bytes32 root = Hashes.commutativeKeccak256(leafOf(request, verdict), proof[0]);
        bytes memory signature = sign(key, Verdicts.hashReport(1, 2, root));
        _assertPunishes(_scored(0), Testimony(request, verdict, proof, 1, 2, signature));
    }

    /// @dev An accomplice gets back less than the operator loses, however often it is done.
    function test_WhenTheOperatorReportsItself() public {
        Testimony memory first = _scored(0);
        Testimony memory second = _scored(1_000_000);
        vm.prank(operator);
        assent.punishConflict(about, model, first, second);
        assertEq(balanceOf(operator), PENALTY / 2, "reward");
        assertEq(assent.operatorInfo(operator).stake, STAKE - PENALTY, "stake");
    }

    /// @dev However far apart two scores are that an operator with one score of its own may sign: it is never punished.
    function testFuzz_RevertGiven_BothAreWithinTheToleranceOfOneScore(uint32 own, uint32 first, uint32 second) public {
        own = uint32(bound(own, 0, Verdicts.MAX_SCORE));
        uint32 least = own > model.tolerance ? own - model.tolerance : 0;
        uint32 most = own + model.tolerance > Verdicts.MAX_SCORE ? Verdicts.MAX_SCORE : own + model.tolerance;
        first = uint32(bound(first, least, most));
        second = uint32(bound(second, least, most));
        _expectCompatible(_scored(first), _scored(second), first > second ? first - second : second - first);
    }

    function _scored(uint32 score) private view returns (Testimony memory) {
        return testify(key, request, verdictOf(score < 500_000 ? 0 : 1, score, keccak256(abi.encode(score))));
    }

    function _punish(Testimony memory first, Testimony memory second) private {
        vm.prank(stranger);
        assent.punishConflict(about, model, first, second);
    }

    function _assertPunishes(Testimony memory first, Testimony memory second) private {
        uint256 balance = address(assent).balance;
        vm.expectEmit(address(assent));
        emit IArbiter.OperatorSlashed(id, operator, stranger, PENALTY, PENALTY / 2);
        _punish(first, second);
        assertEq(assent.operatorInfo(operator).stake, STAKE - PENALTY, "stake");
        assertEq(balanceOf(stranger), PENALTY / 2, "reward");
        assertEq(balanceOf(address(0)), PENALTY - PENALTY / 2, "nobody's");
        assertEq(address(assent).balance, balance, "balance");
    }

    function _expectCompatible(Testimony memory first, Testimony memory second, uint256 difference) private {
        bytes4 reason = IArbiter.TestimoniesCompatible.selector;
        _expectRevert(first, second, abi.encodeWithSelector(reason, difference, 2 * model.tolerance));
    }

    function _expectRevert(Testimony memory first, Testimony memory second, bytes memory reason) private {
        vm.expectRevert(reason);
        assent.punishConflict(about, model, first, second);
        assertEq(assent.operatorInfo(operatorAt(1)).stake, STAKE, "another's stake");
    }
}
