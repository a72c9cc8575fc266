// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IEpochs } from "../../../contracts/interfaces/IEpochs.sol";
import { AssentTest } from "../base/AssentTest.sol";

contract MembersOfTest is AssentTest {
    function test_RevertGiven_TheEpochIsZero() public {
        _expectUnknown(0);
    }

    function test_RevertGiven_TheEpochIsStillToCome() public {
        _expectUnknown(2);
        _expectUnknown(type(uint32).max);
    }

    function test_RevertGiven_NobodyHasRotatedYet() public {
        assent = deploy(4);
        _expectUnknown(0);
        _expectUnknown(1);
    }

    function test_GivenTheEpochIsTheCurrentOne() public {
        _assertFirstFour(assent.membersOf(1));
    }

    function test_GivenTheEpochIsOver() public {
        resignAs(0);
        rotateToNext();
        _assertFirstFour(assent.membersOf(1));
    }

    function _assertFirstFour(address[] memory members) private {
        assertEq(members.length, 4, "size");
        for (uint256 i = 0; i < 4; ++i) {
            (address attester,) = attesterAt(i);
            assertEq(members[i], attester, "member");
        }
    }

    function _expectUnknown(uint32 epoch) private {
        vm.expectRevert(abi.encodeWithSelector(IEpochs.EpochUnknown.selector, epoch));
        assent.membersOf(epoch);
    }
}
