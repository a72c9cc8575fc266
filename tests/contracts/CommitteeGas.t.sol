// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Recording, Verdict } from "../../contracts/types/Verdict.sol";
import { verdictOf } from "./base/Verdict.sol";
import { CoreTest } from "./core/CoreTest.sol";

/// @notice Gas of what the committee does, as whole transactions: four seats, three in reserve.
/// forge-config: default.isolate = true
contract CommitteeGasTest is CoreTest {
    Recording private recording;

    function setUp() public override {
        super.setUp();
        recording = recorded(0);
    }

    function test_Snapshot_Challenge() public {
        challengeOf(recording);
        vm.snapshotGasLastCall("committee", "challenge");
    }

    function test_Snapshot_Stands() public {
        (Verdict memory verdict, Recording memory contested) = (recording.verdict, recording);
        challengeOf(recording);
        bytes memory signatures = rulings(recording, verdict, true, JUDGES);
        committee.judge(contested, verdict, true, JUDGES, signatures);
        vm.snapshotGasLastCall("committee", "judge, stands, 4 of 7, first pay of each");
        contested = recorded(1);
        challengeOf(contested);
        signatures = rulings(contested, verdict, true, JUDGES);
        committee.judge(contested, verdict, true, JUDGES, signatures);
        vm.snapshotGasLastCall("committee", "judge, stands, 4 of 7");
    }

    /// @dev With the next epoch, which it forms.
    function test_Snapshot_False() public {
        Verdict memory right = verdictOf(0, 12, keccak256("right"));
        Recording memory contested = recording;
        challengeOf(recording);
        bytes memory signatures = rulings(recording, right, false, JUDGES);
        committee.judge(contested, right, false, JUDGES, signatures);
        vm.snapshotGasLastCall("committee", "judge, false, 4 of 7, three convicted");
    }

    function test_Snapshot_Close() public {
        Recording memory contested = recording;
        challengeOf(recording);
        skip(JUDGING + 1);
        committee.close(contested, contested.verdict);
        vm.snapshotGasLastCall("committee", "close, nobody judged");
    }

    function test_Snapshot_Members() public {
        joinAs(8);
        vm.snapshotGasLastCall("committee", "join");
        vm.prank(operatorAt(0));
        committee.renew();
        vm.snapshotGasLastCall("committee", "renew");
        skip(ROTATION);
        committee.rotate();
        vm.snapshotGasLastCall("committee", "rotate, one enters a roll of 7");
    }
}
