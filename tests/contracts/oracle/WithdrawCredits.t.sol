// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Errors } from "@openzeppelin/contracts/utils/Errors.sol";

import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { Request } from "../../../contracts/types/Verdict.sol";
import { AssentTest } from "../base/AssentTest.sol";
import { Purse } from "../base/Wallets.sol";

contract WithdrawCreditsTest is AssentTest {
    Purse private purse;

    /// @dev The controller is a contract that was refunded once.
    function setUp() public override {
        super.setUp();
        purse = new Purse(assent);
        controller = address(purse);
        vm.deal(controller, FEE);
        agreement.controller = controller;
        give();
        (Request memory request,) = ask(0);
        skip(2 hours);
        assent.expire(request);
    }

    function test_RevertGiven_TheSenderHasNoCredit() public {
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.NothingToWithdraw.selector, stranger));
        vm.prank(stranger);
        assent.withdrawCredits(payable(stranger));
    }

    function test_RevertGiven_TheCreditWasWithdrawn() public {
        purse.withdraw(payable(stranger));
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.NothingToWithdraw.selector, controller));
        purse.withdraw(payable(stranger));
    }

    function test_RevertWhen_TheReceiverTakesNoEther() public {
        vm.expectRevert("closed"); // the receiver's own reason
        purse.withdraw(payable(purse));
        _assertKept();
    }

    function test_RevertWhen_TheReceiverCallsAgain() public {
        purse.set(true, true);
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.NothingToWithdraw.selector, controller));
        purse.withdraw(payable(purse));
        _assertKept();
    }

    function test_RevertWhen_TheReceiverIsTheContractItself() public {
        vm.expectRevert(abi.encodeWithSelector(Errors.FailedCall.selector));
        purse.withdraw(payable(address(assent)));
        _assertKept();
    }

    function test_GivenTheSenderHasACredit() public {
        purse.set(true, false);
        _askAnother();
        uint256 balance = address(assent).balance;
        vm.expectEmit(address(assent));
        emit IVerdictOracle.CreditsWithdrawn(controller, controller, FEE);
        assertEq(purse.withdraw(payable(purse)), FEE, "amount");
        assertEq(controller.balance, FEE, "paid");
        assertEq(assent.creditOf(controller), 0, "credit");
        assertEq(address(assent).balance, balance - FEE, "the rest stays");
    }

    function test_WhenTheReceiverIsAnother() public {
        vm.expectEmit(address(assent));
        emit IVerdictOracle.CreditsWithdrawn(controller, stranger, FEE);
        purse.withdraw(payable(stranger));
        assertEq(stranger.balance, FEE);
    }

    function test_RevertWhen_PlainEtherIsSentToTheContract() public {
        vm.deal(stranger, 1 ether);
        vm.prank(stranger);
        (bool success,) = address(assent).call{ value: 1 ether }("");
        assertFalse(success, "plain");
        vm.prank(stranger);
        (success,) = address(assent).call{ value: 1 ether }(hex"12345678");
        assertFalse(success, "unknown selector");
    }

    /// @dev Somebody else's fee in escrow.
    function _askAnother() private {
        controller = stranger;
        vm.deal(stranger, FEE);
        agreement.controller = stranger;
        give();
        ask(0);
        controller = address(purse);
    }

    function _assertKept() private view {
        assertEq(assent.creditOf(controller), FEE, "credit");
        assertEq(controller.balance, 0, "balance");
    }
}
