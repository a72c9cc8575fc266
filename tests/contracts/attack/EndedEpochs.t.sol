// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConflicts } from "../../../contracts/interfaces/IConflicts.sol";
import { Place } from "../../../contracts/types/Roll.sol";
import { Under } from "../../../contracts/types/Standing.sol";
import { Testimony } from "../../../contracts/types/Testimony.sol";
import { Attestation, Request, Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { verdictOf } from "../base/Verdict.sol";
import { CoreTest } from "../core/CoreTest.sol";

/// @notice Whoever had joined convicted itself again and again, for a wei each, on no roll, and with each conviction ended the epoch and its
/// grace: no report got in any more. An epoch ends for who could sign in it, and for a whole penalty.
contract EndedEpochsTest is CoreTest {
    uint256 private constant OUTSIDER = 20;

    Request private _request;

    function setUp() public override {
        super.setUp();
        (_request,) = ask(0);
    }

    /// @dev An outsider by the second epoch: in the first everybody's last one was the one before.
    function test_WhoWaitsEndsNoEpoch() public {
        rotateToNext();
        (_request,) = ask(1);
        joinAs(OUTSIDER);
        uint32 epoch = committee.currentEpoch();
        Attestation memory attestation = attest(_request, defaultVerdict(), SIGNERS);
        _convict(OUTSIDER);
        assertEq(committee.currentEpoch(), epoch, "the epoch goes on");
        record(_request, defaultVerdict(), attestation);
    }

    function test_NorTheGraceOfTheOneBefore() public {
        rotateToNext();
        joinAs(OUTSIDER);
        uint32 epoch = committee.currentEpoch();
        uint40 until = assent.epochEnd(epoch - 1).signsUntil;
        _convict(OUTSIDER);
        assertEq(assent.epochEnd(epoch - 1).signsUntil, until, "the grace goes on");
    }

    function test_WhoIsOutForGoodEndsNoEpoch() public {
        while (committee.operatorInfo(operatorAt(6)).place == Place.Roll) {
            _convict(6);
        }
        skip(60 days);
        uint32 epoch = committee.currentEpoch();
        rotateToNext();
        committee.addStake{ value: SEAT_STAKE }(operatorAt(6));
        _convict(6);
        assertEq(committee.currentEpoch(), epoch + 1, "but for the rotation");
    }

    function test_AWeiIsNoPenalty() public {
        while (committee.operatorInfo(operatorAt(6)).stake >= TAKEN) {
            _convict(6);
        }
        committee.addStake{ value: 1 }(operatorAt(6));
        (Testimony memory first, Testimony memory second, Under memory under) =
            (_by(6, 0), _by(6, 1_000_000), underNow());
        vm.expectRevert(abi.encodeWithSelector(IConflicts.NothingToTake.selector, operatorAt(6)));
        committee.punishConflict(under, model, first, second);
    }

    /// @dev Each costs it a penalty less a bond, while it has a place.
    function test_WhoIsOnTheRollEndsOneForAPenalty() public {
        uint32 epoch = committee.currentEpoch();
        _convict(6);
        assertEq(committee.currentEpoch(), epoch + 1, "ended");
        assertEq(committee.operatorInfo(operatorAt(6)).stake, SEAT_STAKE - TAKEN, "a penalty");
    }

    function _convict(uint256 operator) private {
        (Testimony memory first, Testimony memory second, Under memory under) =
            (_by(operator, 0), _by(operator, 1_000_000), underNow());
        committee.punishConflict(under, model, first, second);
    }

    function _by(uint256 operator, uint256 score) private returns (Testimony memory) {
        uint32 epoch = committee.currentEpoch();
        Verdict memory verdict = verdictOf(1, score, keccak256("trail"));
        (, uint256 key) = attesterAt(operator);
        bytes memory signature = sign(key, Verdicts.hashReport(epoch, 1, leafOf(_request, verdict)));
        return Testimony(_request, verdict, new bytes32[](0), epoch, 1, signature);
    }
}
