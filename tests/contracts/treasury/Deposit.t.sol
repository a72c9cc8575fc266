// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IERC20Errors } from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import { SafeERC20 } from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import { ReentrancyGuardTransient } from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import { IModelRegistry } from "../../../contracts/interfaces/IModelRegistry.sol";
import { ITreasury } from "../../../contracts/interfaces/ITreasury.sol";
import { RequestState } from "../../../contracts/types/Verdict.sol";
import { OracleTest } from "../oracle/OracleTest.sol";
import { Holder } from "./Holder.sol";
import { FalseToken, GreedyToken, HookedToken, SilentToken, TaxedToken, Token } from "./Tokens.sol";

contract DepositTest is OracleTest {
    address private payer = makeAddr("payer");
    address private account = makeAddr("account");

    function setUp() public override {
        super.setUp();
        vm.deal(payer, 10 ether);
    }

    function test_RevertWhen_TheCurrencyIsUnknown() public {
        model.currency = address(new Token());
        _expectRevert(0, 1, abi.encodeWithSelector(IModelRegistry.CurrencyUnknown.selector, model.currency));
        model.currency = stranger;
        _expectRevert(0, 0, abi.encodeWithSelector(IModelRegistry.CurrencyUnknown.selector, stranger));
    }

    // Ether

    function test_WhenTheCurrencyIsEther_RevertWhen_TheValueIsNotTheAmount() public {
        _expectRevert(0, 5, abi.encodeWithSelector(ITreasury.ValueMismatch.selector, 0, 5));
        _expectRevert(4, 5, abi.encodeWithSelector(ITreasury.ValueMismatch.selector, 4, 5));
        _expectRevert(6, 5, abi.encodeWithSelector(ITreasury.ValueMismatch.selector, 6, 5));
        _expectRevert(6, 0, abi.encodeWithSelector(ITreasury.ValueMismatch.selector, 6, 0));
    }

    function test_WhenTheCurrencyIsEther_WhenTheValueIsTheAmount() public {
        account = payer;
        uint256 held = address(assent).balance;
        _expectDeposited(5, 5);
        assertEq(address(assent).balance - held, 5, "ether held");
        _expectDeposited(7, 7);
        assertEq(balanceOf(payer), 12, "both");
    }

    function test_WhenTheCurrencyIsEther_WhenTheAccountIsAnotherThanTheSender() public {
        _expectDeposited(5, 5);
        assertEq(balanceOf(payer), 0, "the sender's");
    }

    function test_WhenTheCurrencyIsEther_WhenTheAmountIsNothing() public {
        _expectDeposited(0, 0);
    }

    // Tokens

    function test_WhenTheCurrencyIsAToken_RevertWhen_EtherComesAlong() public {
        _use(new Token());
        _expectRevert(1, 5, abi.encodeWithSelector(ITreasury.ValueMismatch.selector, 1, 0));
        _expectRevert(5, 5, abi.encodeWithSelector(ITreasury.ValueMismatch.selector, 5, 0));
    }

    function test_WhenTheCurrencyIsAToken_RevertGiven_ItWasNotApproved() public {
        _use(new Token());
        vm.prank(payer);
        Token(model.currency).approve(address(assent), 4);
        bytes4 reason = IERC20Errors.ERC20InsufficientAllowance.selector;
        _expectRevert(0, 5, abi.encodeWithSelector(reason, assent, 4, 5));
    }

    function test_WhenTheCurrencyIsAToken_RevertGiven_TheSenderHasTooLittle() public {
        _use(new Token());
        bytes4 reason = IERC20Errors.ERC20InsufficientBalance.selector;
        _expectRevert(0, 1 ether + 1, abi.encodeWithSelector(reason, payer, 1 ether, 1 ether + 1));
    }

    function test_WhenTheCurrencyIsAToken_GivenTheTokenIsWellBehaved() public {
        _use(new Token());
        _expectDeposited(0, 5);
        assertEq(Token(model.currency).balanceOf(address(assent)), 5, "tokens held");
        assertEq(Token(model.currency).balanceOf(payer), 1 ether - 5, "the sender's");
        assertEq(assent.balanceOf(account, address(0)), 0, "ether");
        assertEq(balanceOf(payer), 0, "the sender's balance");
    }

    function test_WhenTheCurrencyIsAToken_GivenTheTokenReturnsNothing() public {
        _use(new SilentToken());
        _expectDeposited(0, 5);
        assertEq(Token(model.currency).balanceOf(address(assent)), 5, "tokens held");
    }

    function test_WhenTheCurrencyIsAToken_RevertGiven_TheTokenReturnsFalse() public {
        FalseToken token = new FalseToken();
        _use(token);
        token.fail();
        _expectRevert(0, 5, abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, token));
    }

    function test_WhenTheCurrencyIsAToken_RevertGiven_TheTokenTakesAFee() public {
        TaxedToken token = new TaxedToken();
        _use(token);
        _expectRevert(0, 1000, abi.encodeWithSelector(ITreasury.TokenUnsound.selector, token, 990, 1000));
        token.set(0);
        _expectRevert(0, 1000, abi.encodeWithSelector(ITreasury.TokenUnsound.selector, token, 0, 1000));
    }

    function test_WhenTheCurrencyIsAToken_RevertGiven_TheTokenDeliversTooMuch() public {
        TaxedToken token = new TaxedToken();
        _use(token);
        token.set(101);
        _expectRevert(0, 1000, abi.encodeWithSelector(ITreasury.TokenUnsound.selector, token, 1010, 1000));
    }

    function test_WhenTheCurrencyIsAToken_GivenTheTokenTakesMoreFromTheSenderButDelivers() public {
        _use(new GreedyToken());
        _expectDeposited(0, 5);
        assertEq(Token(model.currency).balanceOf(payer), 1 ether - 6, "the sender's");
    }

    function test_WhenTheCurrencyIsAToken_RevertGiven_TheTokenHasVanished() public {
        Token token = new Token();
        _use(token);
        vm.etch(address(token), "");
        _expectRevert(0, 5, "");
    }

    // A token that calls its sender

    function test_WhenTheCurrencyIsAToken_GivenTheTokenCallsItsSender_RevertWhen_ItDepositsAgain() public {
        Holder holder_ = _useHooked();
        holder_.plan(0, abi.encodeCall(assent.deposit, (account, address(0), 0)));
        _expectGuard(holder_);
        holder_.plan(0, abi.encodeCall(assent.deposit, (account, model.currency, 1)));
        _expectGuard(holder_);
    }

    function test_WhenTheCurrencyIsAToken_GivenTheTokenCallsItsSender_RevertWhen_ItWithdraws() public {
        Holder holder_ = _useHooked();
        fund(address(holder_), 9);
        holder_.plan(0, abi.encodeCall(assent.withdrawBalance, (model.currency, address(holder_))));
        _expectGuard(holder_);
        assertEq(balanceOf(address(holder_)), 9, "balance");
    }

    /// @dev What is on its way isn't in the balance yet.
    function test_WhenTheCurrencyIsAToken_GivenTheTokenCallsItsSender_WhenItAsksForAVerdict() public {
        Holder holder_ = _useHooked();
        agreement.controller = address(holder_);
        give();
        holder_.plan(0, abi.encodeCall(assent.request, (sourceNow(), agreement.terms, defaultQuestion(0))));
        bytes4 reason = ITreasury.BalanceTooLow.selector;
        vm.expectRevert(abi.encodeWithSelector(reason, holder_, 0, FEE));
        holder_.deposit(model.currency, FEE);
        fund(address(holder_), FEE);
        holder_.deposit(model.currency, FEE);
        assertState(assent.requestId(agreementId, 0), RequestState.Requested);
        assertEq(balanceOf(address(holder_)), FEE, "what came in, less what the question cost");
    }

    function testFuzz_WhenDepositsAreAny(uint64[6] memory amounts, uint256 seed) public {
        _use(new Token());
        address[2] memory accounts = [account, stranger];
        address[2] memory currencies = [address(0), model.currency];
        uint256[2][2] memory sums;
        Token(model.currency).mint(payer, 100 ether);
        vm.deal(payer, 200 ether);
        for (uint256 i = 0; i < amounts.length; ++i) {
            (uint256 who, uint256 what) = ((seed >> (2 * i)) & 1, (seed >> (2 * i + 1)) & 1);
            sums[who][what] += amounts[i];
            vm.prank(payer);
            assent.deposit{ value: what == 0 ? amounts[i] : 0 }(accounts[who], currencies[what], amounts[i]);
        }
        for (uint256 i = 0; i < 4; ++i) {
            assertEq(assent.balanceOf(accounts[i / 2], currencies[i % 2]), sums[i / 2][i % 2], "balance");
        }
    }

    /// @dev The payer has some of the token, and has approved it.
    function _use(Token token) private {
        useToken(address(token));
        token.mint(payer, 1 ether);
        vm.prank(payer);
        token.approve(address(assent), type(uint256).max);
    }

    function _useHooked() private returns (Holder holder_) {
        HookedToken token = new HookedToken();
        _use(token);
        holder_ = new Holder(assent);
        token.mint(address(holder_), 1 ether);
        holder_.approve(token);
    }

    function _expectGuard(Holder holder_) private {
        vm.expectRevert(abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector));
        holder_.deposit(model.currency, 5);
        assertEq(Token(model.currency).balanceOf(address(holder_)), 1 ether, "tokens");
    }

    function _expectDeposited(uint256 value, uint256 amount) private {
        uint256 before = balanceOf(account);
        vm.expectEmit(address(assent));
        emit ITreasury.Deposited(account, model.currency, amount);
        vm.prank(payer);
        assent.deposit{ value: value }(account, model.currency, amount);
        assertEq(balanceOf(account) - before, amount, "balance");
    }

    function _expectRevert(uint256 value, uint256 amount, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(payer);
        assent.deposit{ value: value }(account, model.currency, amount);
    }
}
