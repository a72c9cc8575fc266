// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ITreasury } from "../../../contracts/interfaces/ITreasury.sol";
import { PoolId } from "../../../contracts/types/Ids.sol";
import { Delivery } from "../../../contracts/types/Question.sol";
import { Answer, Request } from "../../../contracts/types/Verdict.sol";
import { OracleTest } from "../oracle/OracleTest.sol";
import { Token } from "./Tokens.sol";

contract CollectTest is OracleTest {
    function setUp() public override {
        super.setUp();
        give();
    }

    function test_RevertGiven_ThePoolIsUnknown() public {
        _expectUnknown(_pool(1, SIGNERS));
        askAndRecord(0, SIGNERS);
        _expectUnknown(_pool(0, SIGNERS));
        _expectUnknown(_pool(2, SIGNERS));
        _expectUnknown(_pool(1, 0xb));
        _expectUnknown(_pool(1, 0x3));
        _expectUnknown(PoolId.wrap(keccak256("another")));
        useToken(address(new Token()));
        _expectUnknown(_pool(1, SIGNERS));
    }

    function test_RevertWhen_TheIndexIsOfNoSigner() public {
        askAndRecord(0, 0xb);
        PoolId pool = _pool(1, 0xb);
        uint256[5] memory indexes = [uint256(2), 4, 63, 64, type(uint256).max];
        for (uint256 i = 0; i < indexes.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ITreasury.NotSigner.selector, pool, indexes[i]));
            assent.collect(pool, indexes[i]);
        }
    }

    function test_RevertGiven_NothingWasClaimedUnderTheRoot() public {
        bytes32 root = anchor(askMany(0, 1), SIGNERS);
        _expectNothing(assent.poolOfRoot(root, address(0), 3), 0);
    }

    function test_RevertGiven_TheShareWasCollected() public {
        askAndRecord(0, SIGNERS);
        assent.collect(_pool(1, SIGNERS), 0);
        _expectNothing(_pool(1, SIGNERS), 0);
        assertEq(balanceOf(operatorAt(0)), FEE / 3, "once");
    }

    function test_RevertGiven_TheFeeIsSmallerThanTheNumberOfSigners() public {
        model.fee = 2;
        giveFor("of two wei");
        askAndRecord(0, SIGNERS);
        _expectNothing(_pool(1, SIGNERS), 0);
        askAndRecord(1, SIGNERS);
        assertEq(assent.collect(_pool(1, SIGNERS), 0), 1, "of four wei");
    }

    function test_GivenAReportWasRecorded() public {
        askAndRecord(0, 0xb);
        PoolId pool = _pool(1, 0xb);
        vm.expectEmit(address(assent));
        emit ITreasury.Collected(operatorAt(3), pool, 3, FEE / 3);
        vm.prank(stranger);
        assertEq(assent.collect(pool, 3), FEE / 3, "amount");

        assertEq(balanceOf(operatorAt(3)), FEE / 3, "balance");
        assertEq(balanceOf(operatorAt(0)), 0, "another's balance");
        assertEq(earnedBy(1, 0xb), FEE, "earned");
    }

    function test_GivenVerdictsWereClaimedUnderARoot() public {
        Answer[] memory answers = sort(askMany(0, 2, Delivery.Anchored));
        bytes32 root = anchor(answers, 0xb);
        assent.claim(answers[0].request, answers[0].verdict, proofOf(answers, 0));
        PoolId pool = assent.poolOfRoot(root, address(0), 3);
        vm.expectEmit(address(assent));
        emit ITreasury.Collected(operatorAt(3), pool, 3, FEE / 3);
        assent.collect(pool, 3);
        assent.claim(answers[1].request, answers[1].verdict, proofOf(answers, 1));
        assent.collect(pool, 3);
        assertEq(balanceOf(operatorAt(3)), 2 * FEE / 3, "both");
    }

    function test_GivenItWasPaidInAToken() public {
        useToken(address(new Token()));
        (Request memory request,) = askFromBalance(defaultQuestion(0));
        record(request, defaultVerdict(), attest(request, defaultVerdict(), SIGNERS));
        assent.collect(_pool(1, SIGNERS), 1);
        assertEq(balanceOf(operatorAt(1)), FEE / 3, "tokens");
        assertEq(assent.balanceOf(operatorAt(1), address(0)), 0, "ether");
    }

    function test_GivenTheFeeDoesNotDivideByTheSigners() public {
        model.fee = 5;
        giveFor("of five wei");
        PoolId pool = _pool(1, SIGNERS);
        askAndRecord(0, SIGNERS);
        assertEq(assent.collect(pool, 0), 1, "first");
        askAndRecord(1, SIGNERS);
        assertEq(assent.collect(pool, 0), 2, "second, with the rest of the first");
        assertEq(assent.collect(pool, 1), 3, "both at once");
        askAndRecord(2, SIGNERS);
        assertEq(assent.collect(pool, 0), 2, "third");
        assertEq(assent.collect(pool, 1), 2, "third, another's");
        assertEq(assent.collect(pool, 2), 5, "all three at once");
    }

    function test_GivenTheOperatorHasLeftAndTakenItsStakeBack() public {
        askAndRecord(0, SIGNERS);
        address operator = _leave();
        assent.collect(_pool(1, SIGNERS), 0);
        assertEq(balanceOf(operator), FEE / 3);
    }

    function test_GivenTheOperatorJoinedAgainWithAnotherAttester() public {
        askAndRecord(0, SIGNERS);
        address operator = _leave();
        (address attester, uint256 key) = attesterAt(9);
        join(operator, attester, key);
        assent.collect(_pool(1, SIGNERS), 0);
        assertEq(balanceOf(operator), FEE / 3);
    }

    /// @dev Operator 1 leaves; at its place stands operator 2 in the next epoch.
    function test_GivenTheAttesterWasAMemberAtAnotherPlaceOfAnotherEpoch() public {
        askAndRecord(0, SIGNERS);
        resignAs(1);
        rotateToNext();
        askAndRecord(1, SIGNERS);
        assent.collect(_pool(1, SIGNERS), 1);
        assertEq(balanceOf(operatorAt(1)), FEE / 3, "of epoch 1");
        assertEq(balanceOf(operatorAt(2)), 0, "not of epoch 1");
        assent.collect(_pool(2, SIGNERS), 1);
        assertEq(balanceOf(operatorAt(2)), FEE / 3, "of epoch 2");
        assertEq(balanceOf(operatorAt(1)), FEE / 3, "not of epoch 2");
    }

    function testFuzz_WhenThereAreAnyReportsAndCollectionsBetweenThem(uint96 fee, uint8 reports, uint256 seed) public {
        model.fee = uint96(bound(fee, 1, 1 ether));
        model.quorum = uint8(bound(seed >> 250, 3, 4));
        uint64 signers = model.quorum == 3 ? 0x7 : 0xf;
        giveFor("another version's");
        reports = uint8(bound(reports, 1, 8));
        for (uint32 use = 0; use < reports; ++use) {
            askAndRecord(use, signers);
            _collectSome(signers, seed >> (4 * use));
        }
        _collectSome(signers, 0xf);
        uint256 credited = 0;
        for (uint256 i = 0; i < 4; ++i) {
            credited += balanceOf(operatorAt(i));
        }
        uint256 earned = uint256(model.fee) * reports;
        assertEq(earnedBy(1, signers), earned, "earned");
        assertEq(credited, earned - earned % model.quorum, "credited");
    }

    function _pool(uint32 epoch, uint64 signers) private view returns (PoolId) {
        return assent.poolOf(epoch, signers, model.currency);
    }

    function _collectSome(uint64 signers, uint256 who) private {
        PoolId pool = _pool(1, signers);
        for (uint256 i = 0; i < 4; ++i) {
            if ((who & signers) >> i & 1 == 0) continue;
            try assent.collect(pool, i) { } catch { } // nothing, for a fee below the number of signers
        }
    }

    function _leave() private returns (address operator) {
        operator = resignAs(0);
        rotateToNext();
        skip(UNBONDING);
        vm.prank(operator);
        committee.withdrawStake();
    }

    function _expectUnknown(PoolId pool) private {
        vm.expectRevert(abi.encodeWithSelector(ITreasury.PoolUnknown.selector, pool));
        assent.collect(pool, 0);
    }

    function _expectNothing(PoolId pool, uint256 index) private {
        vm.expectRevert(abi.encodeWithSelector(ITreasury.NothingToCollect.selector));
        assent.collect(pool, index);
    }
}
