// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { AssentTest } from "../base/AssentTest.sol";

contract CollectTest is AssentTest {
    function setUp() public override {
        super.setUp();
        agreement.uses = 100;
        give();
    }

    function test_RevertWhen_TheIndexIsOfNoSigner() public {
        askAndRecord(0, 0x7);
        _expectUnknown(3);
        _expectUnknown(4);
        _expectUnknown(256);
        _expectUnknown(type(uint256).max);
    }

    function test_RevertGiven_NothingWasEarned() public {
        _expectNothing(1, 0x7, 0);
    }

    function test_RevertWhen_TheEpochIsAnother() public {
        askAndRecord(0, 0x7);
        _expectNothing(0, 0x7, 0);
        _expectNothing(2, 0x7, 0);
    }

    function test_RevertWhen_TheSignersAreAnotherSet() public {
        askAndRecord(0, 0x7);
        _expectNothing(1, 0xf, 0);
        _expectNothing(1, 0x3, 0);
        _expectNothing(1, 1 << 255, 255);
    }

    function test_RevertGiven_TheShareWasCollected() public {
        askAndRecord(0, 0x7);
        assent.collect(1, 0x7, 0);
        _expectNothing(1, 0x7, 0);
        assertEq(assent.creditOf(operatorAt(0)), FEE / 3, "once");
    }

    function test_RevertGiven_TheFeeIsFree() public {
        model.fee = 0;
        agreement.model = publishAs(model);
        give();
        askAndRecord(0, 0x7);
        _expectNothing(1, 0x7, 0);
    }

    function test_GivenAReportWasRecorded() public {
        askAndRecord(0, 0xb);
        vm.expectEmit(address(assent));
        emit IVerdictOracle.Collected(operatorAt(3), 1, 0xb, 3, FEE / 3);
        vm.prank(stranger);
        assertEq(assent.collect(1, 0xb, 3), FEE / 3, "amount");

        assertEq(assent.creditOf(operatorAt(3)), FEE / 3, "credit");
        assertEq(assent.creditOf(operatorAt(0)), 0, "another's credit");
        assertEq(assent.earnedBy(1, 0xb), FEE, "earned");
    }

    function test_GivenTheFeeDoesNotDivideByTheSigners() public {
        model.fee = 5;
        agreement.model = publishAs(model);
        give();
        askAndRecord(0, 0x7);
        assertEq(assent.collect(1, 0x7, 0), 1, "first");
        askAndRecord(1, 0x7);
        assertEq(assent.collect(1, 0x7, 0), 2, "second, with the rest of the first");
        assertEq(assent.collect(1, 0x7, 1), 3, "both at once");
        askAndRecord(2, 0x7);
        assertEq(assent.collect(1, 0x7, 0), 2, "third");
        assertEq(assent.collect(1, 0x7, 1), 2, "third, another's");
        assertEq(assent.collect(1, 0x7, 2), 5, "all three at once");
    }

    function test_GivenTheOperatorHasLeftAndTakenItsStakeBack() public {
        askAndRecord(0, 0x7);
        address operator = _leave();
        assent.collect(1, 0x7, 0);
        assertEq(assent.creditOf(operator), FEE / 3);
    }

    function test_GivenTheOperatorJoinedAgainWithAnotherAttester() public {
        askAndRecord(0, 0x7);
        address operator = _leave();
        (address attester, uint256 key) = attesterAt(9);
        join(operator, attester, key);
        assent.collect(1, 0x7, 0);
        assertEq(assent.creditOf(operator), FEE / 3);
    }

    function testFuzz_WhenThereAreAnyReportsAndCollectionsBetweenThem(uint96 fee, uint8 reports, uint256 seed) public {
        model.files = keccak256("another version's");
        model.fee = uint96(bound(fee, 1, 1 ether));
        agreement.model = publishAs(model);
        give();
        reports = uint8(bound(reports, 1, 8));
        for (uint32 use = 0; use < reports; ++use) {
            askAndRecord(use, 0xf);
            _collectSome(seed >> (4 * use));
        }
        _collectSome(0xf);
        uint256 credited;
        for (uint256 i = 0; i < 4; ++i) {
            credited += assent.creditOf(operatorAt(i));
        }
        uint256 earned = uint256(model.fee) * reports;
        assertEq(assent.earnedBy(1, 0xf), earned, "earned");
        assertEq(credited, earned - earned % 4, "credited");
    }

    function _collectSome(uint256 who) private {
        for (uint256 i = 0; i < 4; ++i) {
            if ((who >> i) & 1 == 0) continue;
            try assent.collect(1, 0xf, i) { } catch { } // nothing, for a fee below the number of signers
        }
    }

    function _leave() private returns (address operator) {
        operator = resignAs(0);
        rotateToNext();
        skip(UNBONDING);
        vm.prank(operator);
        assent.withdrawStake();
    }

    function _expectUnknown(uint256 index) private {
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.SignerUnknown.selector, index));
        assent.collect(1, 0x7, index);
    }

    function _expectNothing(uint32 epoch, uint256 signers, uint256 index) private {
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.NothingToCollect.selector));
        assent.collect(epoch, signers, index);
    }
}
