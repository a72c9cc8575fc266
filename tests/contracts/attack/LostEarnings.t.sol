// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { PoolId } from "../../../contracts/types/Ids.sol";
import { Asked, Delivery, Questions } from "../../../contracts/types/Question.sol";
import { Answer, Request } from "../../../contracts/types/Verdict.sol";
import { OracleTest } from "../oracle/OracleTest.sol";
import { Token } from "../treasury/Tokens.sol";

/// @notice A pool counted to 2^96. Of a token with more units than that, and there are such with 5e32, what was above was nobody's.
contract LostEarningsTest is OracleTest {
    uint256 private constant MOST = type(uint96).max;

    function setUp() public override {
        super.setUp();
        model.fee = type(uint96).max;
        useToken(address(new Token()));
    }

    function test_SignersHaveAllThatTheyEarned() public {
        for (uint32 i = 0; i < 5; ++i) {
            (Request memory request,) = askFromBalance(defaultQuestion(i));
            record(request, defaultVerdict(), attest(request, defaultVerdict(), SIGNERS));
        }
        assertEq(earnedBy(1, SIGNERS), 5 * MOST, "earned");
        _assertPaid(assent.poolOf(1, SIGNERS, model.currency), 5 * MOST);
    }

    /// @dev Collected in between: no unit is paid twice.
    function test_SignersHaveItOnce() public {
        PoolId pool = assent.poolOf(1, SIGNERS, model.currency);
        for (uint32 i = 0; i < 3; ++i) {
            (Request memory request,) = askFromBalance(defaultQuestion(i));
            record(request, defaultVerdict(), attest(request, defaultVerdict(), SIGNERS));
            assent.collect(pool, 0);
            assertEq(balanceOf(operatorAt(0)), (i + 1) * MOST / 3, "collected");
        }
        _assertPaid(pool, 3 * MOST);
    }

    function test_SignersOfOneReportHaveAllOfIt() public {
        Answer[] memory answers = new Answer[](5);
        for (uint32 i = 0; i < 5; ++i) {
            (Request memory request,) = askFromBalance(defaultQuestion(i));
            answers[i] = Answer(request, defaultVerdict());
        }
        sort(answers);
        recordMany(answers, attestMany(answers, SIGNERS));
        _assertPaid(assent.poolOf(1, SIGNERS, model.currency), 5 * MOST);
    }

    function test_SignersOfAnAnchoredRootHaveAllOfIt() public {
        Answer[] memory answers = new Answer[](3);
        for (uint32 i = 0; i < 3; ++i) {
            Asked memory parts = asked(i);
            parts.delivery = Delivery.Anchored;
            (Request memory request,) = askFromBalance(Questions.pack(parts));
            answers[i] = Answer(request, defaultVerdict());
        }
        sort(answers);
        bytes32 root = anchor(answers, SIGNERS);
        for (uint256 i = 0; i < 3; ++i) {
            assent.claim(answers[i].request, answers[i].verdict, proofOf(answers, i));
        }
        _assertPaid(assent.poolOfRoot(root, model.currency, model.quorum), 3 * MOST);
    }

    function _assertPaid(PoolId pool, uint256 earned) private {
        assertEq(assent.poolInfo(pool).earned, earned, "earned");
        uint256 paid = 0;
        for (uint256 i = 0; i < 3; ++i) {
            if (balanceOf(operatorAt(i)) != earned / 3) assent.collect(pool, i);
            vm.prank(operatorAt(i));
            paid += assent.withdrawBalance(model.currency, operatorAt(i));
        }
        assertEq(paid, earned / 3 * 3, "paid");
    }
}
