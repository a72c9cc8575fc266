// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ICommittee } from "../../../contracts/interfaces/ICommittee.sol";
import { CommitteeTerms, Rolls } from "../../../contracts/types/Roll.sol";
import { CommitteeTest } from "./CommitteeTest.sol";

contract TermsTest is CommitteeTest {
    CommitteeTerms private wanted;

    function setUp() public override {
        super.setUp();
        wanted = defaultTerms();
    }

    function test_ThatTheyAreThoseItWasMadeWith() public view {
        assertEq(abi.encode(committee.terms()), abi.encode(wanted));
    }

    function test_RevertWhen_TheRollIsTooSmallOrTooLarge() public {
        wanted.minRoll = 2;
        _expectMalformed("minRoll");
        (wanted.minRoll, wanted.seats) = (4, 3);
        _expectMalformed("seats");
        (wanted.minRoll, wanted.seats, wanted.maxRoll) = (3, 3, 2);
        _expectMalformed("maxRoll");
        wanted.maxRoll = 65;
        _expectMalformed("maxRoll");
        (wanted.seats, wanted.maxRoll) = (64, 64);
        make(wanted);
    }

    function test_RevertWhen_TheStakesAreOutOfProportion() public {
        wanted.penalty = 0;
        _expectMalformed("penalty");
        wanted.penalty = STAKE / 2 + 1;
        _expectMalformed("penalty");
        (wanted.penalty, wanted.bond) = (STAKE / 2, 0);
        _expectMalformed("bond");
        wanted.bond = STAKE / 4 + 1;
        _expectMalformed("bond");
        wanted.bond = STAKE / 4;
        make(wanted);
    }

    function test_RevertWhen_ATimeIsZeroOrTooLong() public {
        uint40 tooLong = 3650 days + 1;
        (wanted.unbonding, wanted.window) = (6 * 3650 days, 0);
        _expectMalformed("window");
        wanted.window = tooLong;
        _expectMalformed("window");
        (wanted.window, wanted.judgingTime) = (1, 0);
        _expectMalformed("judgingTime");
        wanted.judgingTime = tooLong;
        _expectMalformed("judgingTime");
        (wanted.judgingTime, wanted.rulingTime) = (1, tooLong);
        _expectMalformed("rulingTime");
        (wanted.rulingTime, wanted.epochLength) = (0, 0);
        _expectMalformed("epochLength");
        wanted.epochLength = tooLong;
        _expectMalformed("epochLength");
        (wanted.epochLength, wanted.lease) = (LEASE + 1, LEASE);
        _expectMalformed("lease");
        wanted.lease = tooLong;
        _expectMalformed("lease");
        (wanted.lease, wanted.grace) = (LEASE + 1, tooLong);
        _expectMalformed("grace");
        (wanted.grace, wanted.unbonding) = (0, 6 * 3650 days + 1);
        _expectMalformed("unbonding");
    }

    /// @dev Eight days in which a root may be claimed, grace, window, judging, ruling, and a day to close.
    function test_RevertWhen_StakesAreGoneBeforeTheLastCaseIsClosed() public {
        uint40 least = 8 days + GRACE + 3 days + 2 days + 7 days + 1 days;
        wanted.unbonding = least;
        _expectMalformed("unbonding");
        wanted.unbonding = least + 1;
        make(wanted);
    }

    function test_RollOf_RevertGiven_ThereWasNoSuchEpoch() public {
        for (uint32 epoch = 0; epoch < 4; epoch += 2) {
            vm.expectRevert(abi.encodeWithSelector(ICommittee.EpochUnknown.selector, epoch));
            committee.rollOf(epoch);
        }
    }

    function _expectMalformed(string memory term) private {
        CommitteeTerms memory terms = wanted;
        vm.expectRevert(abi.encodeWithSelector(Rolls.TermMalformed.selector, term));
        make(terms);
    }
}
