// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IOperatorSet } from "../../../contracts/interfaces/IOperatorSet.sol";
import { Policies } from "../../../contracts/libraries/Policies.sol";
import { Epoch, EpochEnd, Policy } from "../../../contracts/types/Operator.sol";
import { OperatorsTest } from "./OperatorsTest.sol";

contract RotateTest is OperatorsTest {
    function test_RevertGiven_NobodyHasJoined() public {
        assent = deploy(4);
        _expectUnchanged();
    }

    function test_RevertGiven_TheMembershipHasNotChanged() public {
        skip(EPOCH_LENGTH);
        _expectUnchanged();
        rotateToNext();
        skip(EPOCH_LENGTH);
        _expectUnchanged();
    }

    function test_RevertGiven_TheEpochIsTooYoung() public {
        joinAs(4);
        uint256 notBefore = START + EPOCH_LENGTH;
        vm.warp(notBefore - 1);
        vm.expectRevert(abi.encodeWithSelector(IOperatorSet.RotationTooSoon.selector, notBefore, notBefore - 1));
        assent.rotate();
    }

    function test_RevertGiven_TooFewWouldBeLeft() public {
        resignAs(0);
        skip(EPOCH_LENGTH);
        vm.expectRevert(abi.encodeWithSelector(IOperatorSet.CommitteeTooSmall.selector, 3, 4));
        assent.rotate();
        assertEq(assent.currentEpoch().number, 1, "epoch");
    }

    function test_GivenItIsTheFirstRotation() public {
        assent = deploy(4);
        for (uint256 i = 0; i < 4; ++i) {
            joinAs(i);
        }
        address[] memory members = _attesters(0, 1, 2, 3);
        vm.expectEmit(address(assent));
        emit IOperatorSet.EpochRotated(1, members);
        assertEq(assent.rotate(), 1, "number");
        _assertEpoch(1, members);
    }

    function test_GivenAnOperatorHasJoined() public {
        address[] memory before = assent.membersOf(1);
        joinAs(4);
        address[] memory members = new address[](5);
        for (uint256 i = 0; i < 5; ++i) {
            (members[i],) = attesterAt(i);
        }
        skip(EPOCH_LENGTH);
        vm.expectEmit(address(assent));
        emit IOperatorSet.EpochRotated(2, members);
        assent.rotate();
        _assertEpoch(2, members);
        assertEq(abi.encode(assent.membersOf(1)), abi.encode(before), "members of epoch 1");
    }

    function test_GivenAnOperatorHasResignedAndAnotherJoined() public {
        resignAs(1);
        rotateToNext();
        _assertEpoch(2, _attesters(0, 3, 2, 4)); // the last takes the place of the one who left
    }

    function test_GivenAnOperatorJoinedAgainWithAnotherAttester() public {
        address operator = resignAs(0);
        rotateToNext();
        skip(UNBONDING);
        vm.prank(operator);
        assent.withdrawStake();
        (address attester, uint256 key) = attesterAt(9);
        join(operator, attester, key);
        assent.rotate();

        address[] memory members = assent.membersOf(3);
        assertEq(members.length, 5, "size");
        assertEq(members[4], attester, "the new one");
        (address old,) = attesterAt(0);
        for (uint256 i = 0; i < members.length; ++i) {
            assertNotEq(members[i], old, "the old one");
        }
    }

    function test_GivenAnOperatorChangedItsAttester() public {
        (address attester, uint256 key) = attesterAt(9);
        changeKeysAs(1, attester, key);
        skip(EPOCH_LENGTH);
        address[] memory members = _attesters(0, 9, 2, 3);
        vm.expectEmit(address(assent));
        emit IOperatorSet.EpochRotated(2, members);
        assent.rotate();
        _assertEpoch(2, members);
    }

    function test_GivenAnOperatorWasJailed() public {
        joinAs(4);
        jailAs(3, 0x7);
        skip(EPOCH_LENGTH);
        assent.rotate();
        _assertEpoch(2, _attesters(0, 1, 2, 4));
    }

    function test_GivenAnOperatorWasSlashedBelowTheLeastStake() public {
        give();
        joinAs(4);
        slashAs(1, 0);
        skip(EPOCH_LENGTH);
        assent.rotate();
        _assertEpoch(2, _attesters(0, 4, 2, 3)); // the last takes the place of the one who is out
    }

    /// @dev The committee stays as it is, rather than that a quorum gets out of reach.
    function test_RevertGiven_TooFewWouldBeLeftBySlashing() public {
        give();
        slashAs(0, 0);
        skip(EPOCH_LENGTH);
        vm.expectRevert(abi.encodeWithSelector(IOperatorSet.CommitteeTooSmall.selector, 3, 4));
        assent.rotate();
        assertEq(assent.currentEpoch().number, 1, "epoch");
    }

    function test_GivenTheCommitteeIsAsLargeAsCanBe() public {
        for (uint256 i = 4; i < Policies.MAX_MEMBERS; ++i) {
            joinAs(i);
        }
        skip(EPOCH_LENGTH);
        uint256 gas = gasleft();
        assent.rotate();
        assertLt(gas - gasleft(), 2_000_000, "gas");
        assertEq(assent.currentEpoch().seats, Policies.MAX_MEMBERS, "size");
        assertEq(assent.membersOf(2).length, Policies.MAX_MEMBERS, "members");
    }

    function test_GivenAPolicy_ThatTheEpochEndsByIt() public {
        assertEq(abi.encode(assent.epochEnd(1)), abi.encode(EpochEnd(0, 0)), "before");
        rotateToNext();
        uint40 now_ = uint40(vm.getBlockTimestamp());
        assertEq(abi.encode(assent.epochEnd(1)), abi.encode(EpochEnd(now_ + EPOCH_GRACE, now_ + UNBONDING)), "end");
        assertEq(abi.encode(assent.epochEnd(2)), abi.encode(EpochEnd(0, 0)), "the one after");
        scheduleAndApply(Policy(STAKE, 4, 21 days, 2 hours, 20 minutes));
        assertEq(abi.encode(assent.epochEnd(1)), abi.encode(EpochEnd(now_ + EPOCH_GRACE, now_ + UNBONDING)), "after");
    }

    function test_WhenAnyoneCallsIt() public {
        joinAs(4);
        skip(EPOCH_LENGTH);
        vm.prank(stranger);
        assertEq(assent.rotate(), 2);
    }

    function _expectUnchanged() private {
        vm.expectRevert(abi.encodeWithSelector(IOperatorSet.MembershipUnchanged.selector));
        assent.rotate();
    }

    function _attesters(uint256 a, uint256 b, uint256 c, uint256 d) private returns (address[] memory members) {
        members = new address[](4);
        (members[0],) = attesterAt(a);
        (members[1],) = attesterAt(b);
        (members[2],) = attesterAt(c);
        (members[3],) = attesterAt(d);
    }

    function _assertEpoch(uint32 number, address[] memory members) private view {
        Epoch memory epoch = assent.currentEpoch();
        assertEq(epoch.number, number, "number");
        assertEq(epoch.seats, members.length, "size");
        assertEq(epoch.since, vm.getBlockTimestamp(), "since");
        assertEq(epoch.members.code.length, 1 + 20 * members.length, "blob");
        assertEq(abi.encode(assent.membersOf(number)), abi.encode(members), "members");
    }
}
