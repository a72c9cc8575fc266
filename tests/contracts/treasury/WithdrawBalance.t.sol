// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { SafeERC20 } from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import { ReentrancyGuardTransient } from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import { IAssent } from "../../../contracts/interfaces/IAssent.sol";
import { IModelRegistry } from "../../../contracts/interfaces/IModelRegistry.sol";
import { ITreasury } from "../../../contracts/interfaces/ITreasury.sol";
import { Purse } from "../base/Wallets.sol";
import { OracleTest } from "../oracle/OracleTest.sol";
import { Holder } from "./Holder.sol";
import { FalseToken, HookedToken, PausableToken, SilentToken, Token } from "./Tokens.sol";

contract WithdrawBalanceTest is OracleTest {
    address private account = makeAddr("account");

    /// @dev Another's balance, that must stay.
    function setUp() public override {
        super.setUp();
        fund(stranger, 1 ether);
    }

    function test_RevertWhen_TheCurrencyIsUnknown() public {
        address token = address(new Token());
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.CurrencyUnknown.selector, token));
        assent.withdrawBalance(token, account);
    }

    function test_RevertGiven_TheSenderHasNoBalance() public {
        _expectNothing();
    }

    function test_RevertGiven_TheBalanceIsInAnotherCurrency() public {
        fund(account, FEE);
        useToken(address(new Token()));
        _expectNothing();
        fund(account, FEE);
        vm.prank(account);
        assent.withdrawBalance(model.currency, account);
        assertEq(assent.balanceOf(account, address(0)), FEE, "ether");
    }

    function test_RevertGiven_TheBalanceWasWithdrawn() public {
        fund(account, FEE);
        vm.prank(account);
        assent.withdrawBalance(address(0), account);
        _expectNothing();
    }

    // Ether

    function test_WhenTheCurrencyIsEther_RevertWhen_TheReceiverTakesNoEther() public {
        Purse purse = _purse();
        vm.expectRevert("closed"); // the receiver's own reason
        purse.withdraw(payable(purse));
        _assertKept();
    }

    function test_WhenTheCurrencyIsEther_RevertWhen_TheReceiverCallsAgain() public {
        Purse purse = _purse();
        purse.set(true, true);
        vm.expectRevert(abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector));
        purse.withdraw(payable(purse));
        _assertKept();
    }

    function test_WhenTheCurrencyIsEther_RevertWhen_TheReceiverIsTheContractItself() public {
        Purse purse = _purse();
        vm.expectRevert(abi.encodeWithSelector(IAssent.PlainEther.selector));
        purse.withdraw(payable(address(assent)));
        _assertKept();
    }

    function test_WhenTheCurrencyIsEther_GivenTheSenderHasABalance() public {
        Purse purse = _purse();
        purse.set(true, false);
        uint256 held = address(assent).balance;
        vm.expectEmit(address(assent));
        emit ITreasury.Withdrawn(account, address(0), account, FEE);
        assertEq(purse.withdraw(payable(purse)), FEE, "amount");
        assertEq(account.balance, FEE, "paid");
        assertEq(balanceOf(account), 0, "balance");
        assertEq(address(assent).balance, held - FEE, "the rest stays");
        assertEq(balanceOf(stranger), 1 ether, "another's");
    }

    function test_WhenTheCurrencyIsEther_WhenTheReceiverIsAnother() public {
        Purse purse = _purse();
        vm.expectEmit(address(assent));
        emit ITreasury.Withdrawn(account, address(0), publisher, FEE);
        purse.withdraw(payable(publisher));
        assertEq(publisher.balance, FEE);
    }

    // Tokens

    function test_WhenTheCurrencyIsAToken_GivenTheTokenIsWellBehaved() public {
        _use(new Token());
        fund(stranger, 1 ether);
        _expectPaid(publisher);
        assertEq(Token(model.currency).balanceOf(address(assent)), 1 ether, "the rest stays");
        assertEq(balanceOf(stranger), 1 ether, "another's");
    }

    function test_WhenTheCurrencyIsAToken_GivenTheTokenReturnsNothing() public {
        _use(new SilentToken());
        _expectPaid(account);
    }

    function test_WhenTheCurrencyIsAToken_RevertGiven_TheTokenReturnsFalse() public {
        FalseToken token = new FalseToken();
        _use(token);
        token.fail();
        vm.expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, token));
        vm.prank(account);
        assent.withdrawBalance(address(token), account);
        assertEq(balanceOf(account), FEE, "balance");
    }

    function test_WhenTheCurrencyIsAToken_RevertGiven_TheTokenIsPaused() public {
        PausableToken token = new PausableToken();
        _use(token);
        token.pause(true);
        vm.expectRevert(abi.encodeWithSelector(PausableToken.Paused.selector));
        vm.prank(account);
        assent.withdrawBalance(address(token), account);
        assertEq(balanceOf(account), FEE, "balance");
        token.pause(false);
        _expectPaid(account);
    }

    // A token that calls its receiver

    function test_WhenTheCurrencyIsAToken_GivenTheTokenCallsItsReceiver_RevertWhen_ItWithdrawsAgain() public {
        Holder holder_ = _useHooked();
        holder_.plan(0, abi.encodeCall(assent.withdrawBalance, (model.currency, account)));
        _expectRefused(holder_, ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        // Nor ether.
        holder_.plan(0, abi.encodeCall(assent.withdrawBalance, (address(0), account)));
        _expectRefused(holder_, ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
    }

    function test_WhenTheCurrencyIsAToken_GivenTheTokenCallsItsReceiver_RevertWhen_ItDeposits() public {
        Holder holder_ = _useHooked();
        holder_.plan(0, abi.encodeCall(assent.deposit, (account, model.currency, 0)));
        _expectRefused(holder_, ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
    }

    function test_WhenTheCurrencyIsAToken_GivenTheTokenCallsItsReceiver_RevertWhen_ItAsksForAVerdict() public {
        Holder holder_ = _useHooked();
        agreement.controller = address(holder_);
        give();
        holder_.plan(0, abi.encodeCall(assent.request, (sourceNow(), agreement.terms, defaultQuestion(0))));
        vm.expectRevert(abi.encodeWithSelector(ITreasury.BalanceTooLow.selector, holder_, 0, FEE));
        holder_.withdraw(model.currency);
        assertEq(balanceOf(address(holder_)), FEE, "balance");
    }

    function test_RevertWhen_PlainEtherIsSentToTheContract() public {
        vm.deal(account, 1 ether);
        vm.prank(account);
        (bool success, bytes memory reason) = address(assent).call{ value: 1 ether }("");
        assertFalse(success, "plain");
        assertEq(reason, abi.encodeWithSelector(IAssent.PlainEther.selector), "reason");
        vm.prank(account);
        (success,) = address(assent).call{ value: 1 ether }(hex"12345678");
        assertFalse(success, "unknown selector");
    }

    function _purse() private returns (Purse purse) {
        purse = new Purse(assent);
        account = address(purse);
        fund(account, FEE);
    }

    function _use(Token token) private {
        useToken(address(token));
        fund(account, FEE);
    }

    function _useHooked() private returns (Holder holder_) {
        HookedToken token = new HookedToken();
        useToken(address(token));
        holder_ = new Holder(assent);
        fund(address(holder_), FEE);
        holder_.approve(token);
    }

    function _expectRefused(Holder holder_, bytes4 reason) private {
        vm.expectRevert(abi.encodeWithSelector(reason));
        holder_.withdraw(model.currency);
        assertEq(balanceOf(address(holder_)), FEE, "balance");
    }

    function _expectPaid(address to) private {
        vm.expectEmit(address(assent));
        emit ITreasury.Withdrawn(account, model.currency, to, FEE);
        vm.prank(account);
        assertEq(assent.withdrawBalance(model.currency, to), FEE, "amount");
        assertEq(Token(model.currency).balanceOf(to), FEE, "paid");
        assertEq(balanceOf(account), 0, "balance");
    }

    function _expectNothing() private {
        vm.expectRevert(abi.encodeWithSelector(ITreasury.NothingToWithdraw.selector, account));
        vm.prank(account);
        assent.withdrawBalance(model.currency, account);
    }

    function _assertKept() private view {
        assertEq(balanceOf(account), FEE, "balance");
        assertEq(account.balance, 0, "paid");
    }
}
