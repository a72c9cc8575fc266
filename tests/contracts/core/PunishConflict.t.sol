// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Hashes } from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

import { ICases } from "../../../contracts/interfaces/ICases.sol";
import { IConflicts } from "../../../contracts/interfaces/IConflicts.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { Asked, Disclosure, Questions } from "../../../contracts/types/Question.sol";
import { Under } from "../../../contracts/types/Standing.sol";
import { Testimony } from "../../../contracts/types/Testimony.sol";
import { Request, Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { verdictOf } from "../base/Verdict.sol";
import { CoreTest } from "./CoreTest.sol";

/// @notice Two reports by one operator about one request.
contract PunishConflictTest is CoreTest {
    Request private request;
    RequestId private id;

    function setUp() public override {
        super.setUp();
        (request, id) = ask(0);
    }

    function test_WhenTheScoresAreFurtherApart() public {
        uint256 before = address(committee).balance;
        vm.expectEmit(address(committee));
        emit ICases.OperatorSlashed(id, operatorAt(0), TAKEN);
        _punish(_by(0, 1, 0), _by(0, 1, 2 * uint256(model.tolerance) + 1));
        assertEq(committee.operatorInfo(operatorAt(0)).stake, SEAT_STAKE - TAKEN, "a penalty");
        assertEq(committee.creditOf(relayer), CASE_BOND, "as much as a bond is the sender's");
        assertEq(committee.keptOf(1), TAKEN - CASE_BOND, "the rest is kept for who shows what else it signed");
        assertEq(address(committee).balance, before, "and all is here");
        _expectRevert(
            _by(0, 1, 5),
            _by(0, 1, 1_000_000),
            abi.encodeWithSelector(IConflicts.AlreadyPunished.selector, id, operatorAt(0))
        );
    }

    /// @dev As who signed a false verdict, once for all of it: else whoever contradicts itself often were soon off the roll, and a corrupt
    /// minority a majority of who is left.
    function test_ThatItLosesItsSeatAndIsPunishedOnce() public {
        (Testimony memory first, Testimony memory second) = (_by(0, 1, 0), _by(0, 1, 1_000_000));
        RequestId before = id;
        (request, id) = ask(1);
        (Testimony memory third, Testimony memory fourth) = (_by(0, 1, 0), _by(0, 1, 1_000_000));
        (, address[] memory members) = committee.rollOf(1);
        request = first.request;
        _punish(first, second);
        assertEq(committee.currentEpoch(), 2, "an epoch of its own");
        (, address[] memory next) = committee.rollOf(2);
        assertEq(next.length, members.length, "it still judges");
        assertEq(next[next.length - 1], members[0], "behind all others");
        for (uint256 i = 1; i < members.length; ++i) {
            assertEq(next[i - 1], members[i], "who moved up");
        }
        bytes memory reason = abi.encodeWithSelector(IConflicts.AlreadyPunished.selector, before, operatorAt(0));
        _expectRevert(first, second, reason);
        request = third.request;
        reason = abi.encodeWithSelector(IConflicts.AlreadyPunished.selector, id, operatorAt(0));
        _expectRevert(third, fourth, reason);
    }

    /// @dev It would count after any punishment, again and again.
    function test_RevertWhen_AReportIsOfAnEpochToCome() public {
        Testimony memory second = _by(0, 1, 1_000_000);
        (, uint256 key) = attesterAt(0);
        second.epoch = 2;
        second.signature = sign(key, Verdicts.hashReport(2, 1, leafOf(request, second.verdict)));
        _expectRevert(_by(0, 1, 0), second, abi.encodeWithSelector(IConflicts.TestimonyIrrelevant.selector, id));
    }

    function test_WhenOneScoreHasBothOutcomes() public {
        _punish(_by(0, 1, 7), _by(0, 0, 7));
        assertEq(committee.operatorInfo(operatorAt(0)).stake, SEAT_STAKE - TAKEN, "a penalty");
    }

    /// @dev Of two labels that tie, each will do.
    function test_RevertWhen_OneScoreHasTwoOfThreeOutcomes() public {
        model.outcomeCount = 3;
        modelId = publishAs(model);
        agreement.terms.model = modelId;
        give();
        (request, id) = ask(0);
        _expectRevert(_by(0, 1, 7), _by(0, 2, 7), abi.encodeWithSelector(IConflicts.TestimoniesCompatible.selector, id));
    }

    /// @dev Near a threshold each has its own.
    function test_RevertWhen_TwoCloseScoresHaveTwoOutcomes() public {
        bytes memory reason = abi.encodeWithSelector(IConflicts.TestimoniesCompatible.selector, id);
        _expectRevert(_by(0, 1, 500_000), _by(0, 0, 500_000 + 2 * uint256(model.tolerance)), reason);
        _expectRevert(_by(0, 1, 7), _by(0, 1, 7), reason);
    }

    function test_RevertWhen_ItIsSealed() public {
        Asked memory parts = asked(1);
        parts.disclosure = Disclosure.Sealed;
        (request, id) = ask(Questions.pack(parts));
        Verdict memory first = Verdict(keccak256("o"), keccak256("s"), keccak256("t"));
        Verdict memory second = Verdict(keccak256("p"), keccak256("u"), keccak256("v"));
        _expectRevert(
            _testimony(0, first),
            _testimony(0, second),
            abi.encodeWithSelector(IConflicts.TestimoniesCompatible.selector, id)
        );
    }

    function test_RevertGiven_ItWasNeverAsked() public {
        request = expectedRequest(9);
        bytes memory reason = abi.encodeWithSelector(IConflicts.TestimonyIrrelevant.selector, idOf(request));
        _expectRevert(_by(0, 1, 0), _by(0, 1, 1_000_000), reason);
    }

    function test_RevertWhen_TwoOperatorsSigned() public {
        bytes memory reason = abi.encodeWithSelector(IConflicts.TestimonyIrrelevant.selector, id);
        _expectRevert(_by(0, 1, 0), _by(1, 1, 1_000_000), reason);
    }

    function test_RevertWhen_AStrangerSigned() public {
        Testimony memory first = _by(0, 1, 0);
        first.signature = sign(strangerKey, Verdicts.hashReport(1, 1, leafOf(request, first.verdict)));
        bytes memory reason = abi.encodeWithSelector(IConflicts.AttesterUnknown.selector, stranger);
        _expectRevert(first, _by(0, 1, 1_000_000), reason);
    }

    function test_RevertWhen_ATestimonyIsOfAnotherRequest() public {
        Testimony memory first = _by(0, 1, 0);
        RequestId other;
        (request, other) = ask(1);
        Testimony memory second = _by(0, 1, 1_000_000);
        _expectRevert(first, second, abi.encodeWithSelector(IConflicts.TestimonyIrrelevant.selector, id));
        _expectRevert(second, first, abi.encodeWithSelector(IConflicts.TestimonyIrrelevant.selector, other));
    }

    function test_RevertWhen_ASignatureHasAnotherLength() public {
        Testimony memory second = _by(0, 1, 1_000_000);
        second.signature = slice(second.signature, 0, 63);
        _expectRevert(_by(0, 1, 0), second, abi.encodeWithSelector(ICases.SignaturesMalformed.selector, 63, 64));
    }

    /// @dev One signature doesn't make two.
    function test_RevertWhen_ATestimonyIsAltered() public {
        (Testimony memory first, Testimony memory altered, Under memory under) =
            (_by(0, 1, 0), _by(0, 1, 0), underNow());
        altered.verdict.score = bytes32(uint256(1_000_000));
        vm.expectPartialRevert(IConflicts.AttesterUnknown.selector);
        committee.punishConflict(under, model, first, altered);
    }

    function test_WhenTheScoresAreFurtherApartTheOtherWay() public {
        _punish(_by(0, 1, 2 * uint256(model.tolerance) + 1), _by(0, 1, 0));
        _assertPunished();
    }

    function test_GivenItWasRecorded() public {
        record(request, defaultVerdict(), attest(request, defaultVerdict(), SIGNERS));
        _punish(_by(0, 1, 0), _testimony(0, defaultVerdict()));
        _assertPunished();
    }

    function test_WhenTheReportsAreOfTwoEpochs() public {
        Testimony memory first = _by(0, 1, 0);
        rotateToNext();
        (, uint256 key) = attesterAt(0);
        Testimony memory second = _by(0, 1, 1_000_000);
        second.epoch = 2;
        second.signature = sign(key, Verdicts.hashReport(2, 1, leafOf(request, second.verdict)));
        _punish(first, second);
        _assertPunished();
    }

    /// @dev Else each new key would clear an operator of what it signed with the old one.
    function test_WhenTheReportsAreByTwoKeysOfTheOperator() public {
        Testimony memory first = _by(0, 1, 0);
        (address attester, uint256 key) = attesterAt(9);
        uint256 until = vm.getBlockTimestamp();
        bytes32 structHash = hasher.joining(operatorAt(0), "seal", "https://operator.example", until);
        bytes memory signature = signFor(domainSeparator(block.chainid, address(committee)), key, structHash);
        vm.prank(operatorAt(0));
        committee.changeKeys(attester, "seal", "https://operator.example", until, signature);
        Testimony memory second = _by(0, 1, 1_000_000);
        second.signature = sign(key, Verdicts.hashReport(1, 1, leafOf(request, second.verdict)));
        _punish(first, second);
        _assertPunished();
    }

    function test_WhenAReportIsOfMany() public {
        Testimony memory second = _by(0, 1, 1_000_000);
        second.proof = new bytes32[](1);
        second.proof[0] = keccak256("the other leaf");
        second.count = 2;
        bytes32 root = Hashes.commutativeKeccak256(leafOf(request, second.verdict), second.proof[0]);
        (, uint256 key) = attesterAt(0);
        second.signature = sign(key, Verdicts.hashReport(1, 2, root));
        _punish(_by(0, 1, 0), second);
        _assertPunished();
    }

    /// @dev It gets back less than it loses, however often that is done.
    function test_WhenTheOperatorReportsItself() public {
        (Testimony memory first, Testimony memory second) = (_by(0, 1, 0), _by(0, 1, 1_000_000));
        Under memory under = underNow();
        address operator = operatorAt(0);
        vm.prank(operator);
        committee.punishConflict(under, model, first, second);
        assertEq(committee.creditOf(operator), CASE_BOND, "reward");
        assertLe(CASE_BOND, TAKEN / 2, "half at most");
        assertEq(committee.operatorInfo(operator).stake, SEAT_STAKE - TAKEN, "stake");
    }

    /// @dev However far apart two scores are that an operator with one score of its own may sign: it is never punished.
    function testFuzz_RevertGiven_BothAreWithinTheToleranceOfOneScore(uint256 own, uint256 first, uint256 second)
        public
    {
        own = bound(own, 0, Verdicts.MAX_SCORE);
        uint256 least = own > model.tolerance ? own - model.tolerance : 0;
        uint256 most = own + model.tolerance > Verdicts.MAX_SCORE ? Verdicts.MAX_SCORE : own + model.tolerance;
        (first, second) = (bound(first, least, most), bound(second, least, most));
        bytes memory reason = abi.encodeWithSelector(IConflicts.TestimoniesCompatible.selector, id);
        _expectRevert(_by(0, first < 500_000 ? 0 : 1, first), _by(0, second < 500_000 ? 0 : 1, second), reason);
    }

    /// @dev Another's tolerance might be larger, or less.
    function test_RevertWhen_ModelOrAgreementIsAnother() public {
        Testimony memory first = _by(0, 1, 0);
        Testimony memory second = _by(0, 1, 2 * uint256(model.tolerance));
        bytes memory reason = abi.encodeWithSelector(IConflicts.TestimonyIrrelevant.selector, id);
        model.tolerance = 0;
        _expectRevert(first, second, reason);
        agreement.terms.model = hasher.modelId(model);
        _expectRevert(first, second, reason);
    }

    /// @dev A ruling is signed under the committee's domain, a report under the core's.
    function test_RevertWhen_ItWasSignedForAnotherContract() public {
        Testimony memory first = _by(0, 1, 0);
        (, uint256 key) = attesterAt(0);
        bytes32 separator = domainSeparator(block.chainid, address(committee));
        first.signature = signFor(separator, key, Verdicts.hashReport(1, 1, leafOf(request, first.verdict)));
        (Testimony memory second, Under memory under) = (_by(0, 1, 1_000_000), underNow());
        vm.expectPartialRevert(IConflicts.AttesterUnknown.selector);
        committee.punishConflict(under, model, first, second);
    }

    function _by(uint256 operator, uint256 outcome, uint256 score) private returns (Testimony memory) {
        return _testimony(operator, verdictOf(outcome, score, keccak256("trail")));
    }

    function _testimony(uint256 operator, Verdict memory verdict) private returns (Testimony memory) {
        (, uint256 key) = attesterAt(operator);
        bytes memory signature = sign(key, Verdicts.hashReport(1, 1, leafOf(request, verdict)));
        return Testimony(request, verdict, new bytes32[](0), 1, 1, signature);
    }

    function _assertPunished() private {
        assertEq(committee.operatorInfo(operatorAt(0)).stake, SEAT_STAKE - TAKEN, "stake");
        assertEq(committee.creditOf(relayer), CASE_BOND, "reward");
        uint256 kept = committee.keptOf(committee.currentEpoch() - 1);
        assertEq(kept, TAKEN - CASE_BOND, "kept");
    }

    function _punish(Testimony memory first, Testimony memory second) private {
        Under memory under = underNow();
        vm.prank(relayer);
        committee.punishConflict(under, model, first, second);
    }

    function _expectRevert(Testimony memory first, Testimony memory second, bytes memory reason) private {
        Under memory under = underNow();
        vm.expectRevert(reason);
        committee.punishConflict(under, model, first, second);
    }
}
