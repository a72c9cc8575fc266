// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Ownable } from "@openzeppelin/contracts/access/Ownable.sol";

import { VerdictConsumer } from "../../../contracts/consumers/VerdictConsumer.sol";
import { IAssent } from "../../../contracts/interfaces/IAssent.sol";
import { Terms } from "../../../contracts/types/Agreement.sol";
import { RequestId, SourceId } from "../../../contracts/types/Ids.sol";
import { Question } from "../../../contracts/types/Question.sol";
import { Request } from "../../../contracts/types/Verdict.sol";
import { OracleTest } from "../oracle/OracleTest.sol";

/// @dev The README's example. That it is, tests/unit/deploy/test_readme.py sees to.
contract Recalls is VerdictConsumer, Ownable {
    mapping(RequestId id => bool) public recalled;

    constructor(IAssent oracle_) VerdictConsumer(oracle_) Ownable(msg.sender) { }

    function ask(SourceId source, Terms calldata terms, Question question)
        external
        payable
        onlyOwner
        returns (RequestId)
    {
        return _ask(source, terms, question, msg.value); // what oracle.quote(terms) says
    }

    function _onFinal(RequestId id, uint8 outcome, uint32) internal override {
        recalled[id] = outcome == 1; // it can't change any more
    }

    /// @dev Who may have refunds of this contract paid out, by `withdrawBalance`.
    function _authoriseWithdrawal(address) internal view override onlyOwner { }
}

/// @notice Refunds are the controller's balance; a consumer, as the base was, and as the README showed one, had no way to fetch them: they were
/// lost.
contract StuckRefundTest is OracleTest {
    function test_ARefundIsHadBack() public {
        Recalls recalls = new Recalls(assent);
        agreement.controller = address(recalls);
        give();
        Question question = defaultQuestion(0);
        recalls.ask{ value: FEE }(sourceNow(), agreement.terms, question);
        Request memory request = requestNow(question);
        vm.warp(question.deadline() + 1);
        assent.expire(request);
        assertEq(balanceOf(address(recalls)), FEE, "refunded to the contract");

        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger));
        vm.prank(stranger);
        recalls.withdrawBalance(address(0), stranger);
        uint256 before = relayer.balance;
        assertEq(recalls.withdrawBalance(address(0), relayer), FEE, "amount");
        assertEq(relayer.balance - before, FEE, "had back");
    }
}
