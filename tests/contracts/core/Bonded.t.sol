// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ICommittee } from "../../../contracts/interfaces/ICommittee.sol";
import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { Asked, Delivery, Question, Questions } from "../../../contracts/types/Question.sol";
import { CommitteeTerms } from "../../../contracts/types/Roll.sol";
import { SignersLib } from "../../../contracts/types/Signers.sol";
import { Recording, Request, RequestState, Verdict } from "../../../contracts/types/Verdict.sol";
import { verdictOf } from "../base/Verdict.sol";
import { CoreTest } from "./CoreTest.sol";

/// @notice Stakes are bonded for just as long as a verdict of their owners may be found false, by terms that bond them no longer than they must.
contract BondedTest is CoreTest {
    address private arbiter = makeAddr("arbiter");
    Request private request;
    RequestId private id;
    uint256 private epochEnd;

    /// @dev Operator 0 leaves with epoch 1.
    function setUp() public override {
        super.setUp();
        model.arbiter = arbiter;
        agreement.terms.model = publishAs(model);
        resignAs(0);
        skip(ROTATION);
        committee.rotate();
        epochEnd = vm.getBlockTimestamp();
        agreement.terms.validUntil = uint40(epochEnd + 366 days);
        give();
    }

    function committeeTerms(uint8 seats) internal view override returns (CommitteeTerms memory terms) {
        terms = super.committeeTerms(seats);
        uint256 contested = uint256(terms.window) + terms.judgingTime + terms.rulingTime + 1 days;
        terms.unbonding = uint40(Questions.MAX_CLAIM + terms.grace + contested + 1);
    }

    /// @dev Signed in the last second of the grace, claimed in the last of the request's time and the root's, challenged, judged and ruled on in
    /// the last.
    function test_GivenEverythingHappensAtItsLastSecond() public {
        skip(committee.terms().grace);
        Asked memory parts = asked(1);
        (parts.delivery, parts.deadline) = (Delivery.Anchored, uint40(vm.getBlockTimestamp() + Questions.MAX_OPEN));
        (request, id) = ask(Questions.pack(parts));
        bytes32 root = leafOf(request, defaultVerdict());
        assent.anchor(root, 1, address(0), modelQuorum(), attestRoot(1, root, SIGNERS));
        skip(Questions.MAX_CLAIM);
        assent.claim(request, defaultVerdict(), new bytes32[](0));
        Recording memory recording = Recording(request, defaultVerdict(), SignersLib.pack(1, SIGNERS));
        skip(CHALLENGE_WINDOW);
        challengeOf(recording);
        skip(JUDGING);
        judge(recording, defaultVerdict(), true, JUDGES);
        skip(RULING);

        address operator = operatorAt(0);
        vm.expectPartialRevert(ICommittee.StakeBonded.selector);
        vm.prank(operator);
        committee.withdrawStake();
        Verdict memory right = verdictOf(0, 12, keccak256("right"));
        vm.prank(arbiter);
        committee.rule(recording, right, false);
        assertEq(committee.operatorInfo(operator).stake, SEAT_STAKE - TAKEN, "stake");

        // Nothing of it can be said any more a day later.
        vm.warp(epochEnd + committee.terms().unbonding);
        vm.prank(operator);
        committee.withdrawStake();
        assertEq(operator.balance, SEAT_STAKE - TAKEN, "paid");
    }

    /// @dev Who knows a question and its deadline in advance can have the verdict signed in advance: by members who have gone since.
    function test_RevertGiven_TheSignersStakesMayBeGone_WhenARootOfTheirsIsClaimed() public {
        Asked memory later = asked(1);
        (later.delivery, later.deadline) = (Delivery.Anchored, uint40(epochEnd + 365 days));
        Question question = Questions.pack(later);
        request = expectedRequest(question);
        bytes32 root = leafOf(request, defaultVerdict());
        assent.anchor(root, 1, address(0), modelQuorum(), attestRoot(1, root, SIGNERS));

        vm.warp(epochEnd + 365 days - 1 hours);
        (, id) = ask(question);
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.RootTooOld.selector, root, epochEnd));
        assent.claim(request, defaultVerdict(), new bytes32[](0));
        assertState(id, RequestState.Requested);
    }
}
