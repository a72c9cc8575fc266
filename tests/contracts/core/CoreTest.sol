// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { RequestId } from "../../../contracts/types/Ids.sol";
import { CommitteeTerms } from "../../../contracts/types/Roll.sol";
import { Attestation, Recording, Request, Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { AssentTest } from "../base/AssentTest.sol";

/// @notice The world of `AssentTest` with terms nearer to real ones, and an agreement that was given.
abstract contract CoreTest is AssentTest {
    uint96 internal constant SEAT_STAKE = 4 ether;
    uint96 internal constant TAKEN = 2 ether;
    uint96 internal constant CASE_BOND = 0.016 ether;
    uint40 internal constant JUDGING = 2 days;
    uint40 internal constant RULING = 7 days;
    uint40 internal constant ROTATION = 7 days;
    uint256 internal constant ROLL = 7;
    uint64 internal constant SIGNERS = 7;

    function setUp() public virtual override {
        super.setUp();
        give();
    }

    function committeeTerms(uint8) internal view virtual override returns (CommitteeTerms memory) {
        return CommitteeTerms({
            seats: 4,
            maxRoll: 9,
            minRoll: 4,
            minStake: SEAT_STAKE,
            penalty: TAKEN,
            bond: CASE_BOND,
            window: CHALLENGE_WINDOW,
            judgingTime: JUDGING,
            rulingTime: RULING,
            start: 0,
            epochLength: ROTATION,
            lease: 2 * ROTATION,
            grace: 1 hours,
            unbonding: 30 days,
            admission: address(0)
        });
    }

    function idOf(Request memory request) internal view returns (RequestId) {
        return assent.requestId(request.agreement, request.question.use());
    }

    /// @return What signers of a report of this one verdict sign, in epoch 1.
    function reportOf(Request memory request, Verdict memory verdict) internal view returns (bytes32) {
        return Verdicts.hashReport(1, 1, leafOf(request, verdict));
    }

    function recorded(uint32 use) internal returns (Recording memory recording) {
        (Request memory request,) = ask(use);
        return recordAs(request, defaultVerdict(), SIGNERS);
    }

    function recordAs(Request memory request, Verdict memory verdict, uint64 signers)
        internal
        returns (Recording memory)
    {
        Attestation memory attestation = attest(request, verdict, signers);
        record(request, verdict, attestation);
        return Recording(request, verdict, attestation.by);
    }
}
