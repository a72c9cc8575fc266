// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IOperatorSet } from "../../../contracts/interfaces/IOperatorSet.sol";
import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { Policies } from "../../../contracts/libraries/Policies.sol";
import { Testimony } from "../../../contracts/types/Challenge.sol";
import { Policy } from "../../../contracts/types/Operator.sol";
import { Asked, Delivery, Question, Questions } from "../../../contracts/types/Question.sol";
import { SignersLib } from "../../../contracts/types/Signers.sol";
import { RequestState, Verdicts } from "../../../contracts/types/Verdict.sol";
import { ArbiterTest } from "./ArbiterTest.sol";

/// @notice Whether the stake is still there when the last challenge of the last report that an operator may have signed is decided.
contract BondedTest is ArbiterTest {
    uint256 private epochEnd;

    /// @dev Operator 0 leaves under the shortest unbonding time that a policy may have.
    function setUp() public override {
        super.setUp();
        Policy memory policy = defaultPolicy(4);
        policy.unbondingTime = longestBond() + 1;
        scheduleAndApply(policy);
        resignAs(0);
        joinAs(4);
        assent.rotate();
        epochEnd = vm.getBlockTimestamp();
        agreement.terms.validUntil = uint40(epochEnd + 366 days);
        give();
    }

    /// @dev The one challenge that the committee left unanswered included.
    function test_GivenEverythingHappensAtItsLastSecond() public {
        _claimAtItsLastSecond();
        skip(CHALLENGE_WINDOW);
        challenge();
        skip(REVIEW_TIME + 1);
        assent.lapse(id);
        skip(CHALLENGE_WINDOW);
        challenge();
        skip(REVIEW_TIME);
        review(otherVerdict(), 0x7);

        address operator = operatorAt(0);
        bytes4 reason = IOperatorSet.StakeBonded.selector;
        uint256 withdrawableAt = vm.getBlockTimestamp() + 1;
        vm.expectRevert(abi.encodeWithSelector(reason, withdrawableAt, withdrawableAt - 1));
        vm.prank(operator);
        assent.withdrawStake();
        assent.punish(_testimonyInEpoch1());
        assertEq(assent.operatorInfo(operator).stake, STAKE - PENALTY, "stake");
    }

    /// @dev Who knows a question and its deadline in advance can have the verdict signed in advance: by members who have gone since.
    function test_RevertGiven_TheSignersStakesMayBeGone_WhenARootOfTheirsIsClaimed() public {
        Asked memory later = asked(1);
        (later.delivery, later.deadline) = (Delivery.Anchored, uint40(epochEnd + 365 days));
        Question question = Questions.pack(later);
        request = expectedRequest(question);
        bytes32 root = leafOf(request, defaultVerdict());
        assent.anchor(root, 1, address(0), modelQuorum(), attestRoot(1, root, 0x7));

        vm.warp(epochEnd + 365 days - 1 hours);
        (, id) = ask(question);
        bytes4 reason = IVerdictOracle.RootTooOld.selector;
        vm.expectRevert(abi.encodeWithSelector(reason, root, epochEnd));
        assent.claim(request, defaultVerdict(), new bytes32[](0));
        assertState(id, RequestState.Requested);
    }

    /// @dev Signed in the last second of the grace, and claimed in the last of both the request's time and the root's.
    function _claimAtItsLastSecond() private {
        skip(EPOCH_GRACE);
        _askForAsLongAsCanBe();
        bytes32 root = leafOf(request, defaultVerdict());
        assent.anchor(root, 1, address(0), modelQuorum(), attestRoot(1, root, 0x7));
        skip(Policies.MAX_CLAIM);
        assent.claim(request, defaultVerdict(), new bytes32[](0));
        keep(request, defaultVerdict(), SignersLib.pack(1, 0x7));
    }

    function _askForAsLongAsCanBe() private {
        Asked memory question = asked(1);
        question.delivery = Delivery.Anchored;
        question.deadline = uint40(vm.getBlockTimestamp() + Policies.MAX_OPEN);
        (request, id) = ask(Questions.pack(question));
    }

    function _testimonyInEpoch1() private returns (Testimony memory) {
        (, uint256 key) = attesterAt(0);
        bytes memory signature = sign(key, Verdicts.hashReport(1, 1, leafOf(request, defaultVerdict())));
        return Testimony(request, defaultVerdict(), new bytes32[](0), 1, 1, signature);
    }
}
