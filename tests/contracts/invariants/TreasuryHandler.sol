// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Quote } from "../../../contracts/types/Quote.sol";
import { KnownAgreement, KnownPool, Ledger } from "./Ledger.sol";
import { Token } from "./Token.sol";

/// @notice Money comes in, is shared out, and goes out.
abstract contract TreasuryHandler is Ledger {
    function deposit(uint256 seed) external counted {
        uint32 currency = uint32(draw(seed, "currency", 0, currencies.length - 1));
        address account = accounts[draw(seed, "account", 0, accounts.length - 1)];
        fund(account, currency, draw(seed, "amount", 0, 0.1 ether));
    }

    /// @dev Ether with a token, or not the amount named, or tokens that the sender hasn't.
    function depositForbidden(uint256 seed) external counted {
        uint32 currency = uint32(draw(seed, "currency", 0, currencies.length - 1));
        uint256 amount = draw(seed, "amount", 1, 0.1 ether);
        uint256 value = currency == 0 ? amount - 1 : draw(seed, "value", 0, 1);
        bytes memory data = abi.encodeCall(assent.deposit, (relayer, currencies[currency], amount));
        attempt("depositForbidden", relayer, value, data, false);
    }

    function withdrawBalance(uint256 seed) external counted {
        uint32 currency = uint32(draw(seed, "currency", 0, currencies.length - 1));
        address account = _mayHaveBalance(seed, currency);
        uint256 amount = owed[currency][account];
        address to = chance(seed, "to another", 4) ? makeAddr("another purse") : account;
        uint256 before = _has(to, currency);
        bytes memory data = abi.encodeCall(assent.withdrawBalance, (currencies[currency], to));
        if (!attempt("withdrawBalance", account, 0, data, amount > 0)) return;
        if (_has(to, currency) - before != amount) surprised("withdrawBalance paid another amount");
        paidOut[currency] += amount;
        owed[currency][account] = 0;
    }

    function collect(uint256 seed) external counted {
        if (pools.length == 0) return;
        KnownPool storage pool = pools[draw(seed, "pool", 0, pools.length - 1)];
        uint256 index = draw(seed, "index", 0, OPERATORS);
        while (!chance(seed, "any index", 8) && (pool.signers >> index) & 1 == 0) index = (index + 1) % 64;
        uint256 share = pool.earned / popCount(pool.signers);
        uint256 due = share - collectedBy[pool.id][index];
        bool expected = (pool.signers >> index) & 1 == 1 && due > 0;
        bytes memory data = abi.encodeCall(assent.collect, (pool.id, index));
        if (!attempt("collect", stranger, 0, data, expected)) return;
        collectedBy[pool.id][index] += due;
        pool.collected += due;
        credit(pool.currency, firstOperatorOf[membersAtRotation[pool.epoch][index]], due);
    }

    function settle(uint256 seed) external counted {
        if (agreements.length == 0) return;
        KnownAgreement storage known = _mayBeUnsettled(seed);
        uint256 verdicts = known.earning - known.settled;
        bytes memory data = abi.encodeCall(assent.settle, (known.terms, models[known.modelAt].terms));
        if (!attempt("settle", stranger, 0, data, verdicts > 0)) return;
        Quote quote = quoteOf(known);
        known.settled = known.earning;
        credit(quote.currency(), known.terms.source.subject, verdicts * quote.price());
        credit(quote.currency(), publisher, verdicts * quote.royalty());
    }

    /// @dev Deposits as much to the account's balance.
    function fund(address account, uint32 currency, uint256 amount) internal {
        bytes memory data = abi.encodeCall(assent.deposit, (account, currencies[currency], amount));
        if (currency != 0) {
            Token(currencies[currency]).mint(stranger, amount);
            vm.prank(stranger);
            Token(currencies[currency]).approve(address(assent), amount);
        }
        if (!attempt("deposit", stranger, currency == 0 ? amount : 0, data, true)) return;
        if (currency != 0) paidIn[currency] += amount;
        credit(currency, account, amount);
    }

    function _has(address account, uint32 currency) private view returns (uint256) {
        return currency == 0 ? account.balance : Token(currencies[currency]).balanceOf(account);
    }

    function _mayHaveBalance(uint256 seed, uint32 currency) private view returns (address account) {
        uint256 first = draw(seed, "account", 0, accounts.length - 1);
        for (uint256 i = 0; i < accounts.length; ++i) {
            account = accounts[(first + i) % accounts.length];
            // Nobody has these two's keys.
            if (account == address(0) || account == address(committee)) continue;
            if (chance(seed, "any account", 8) || owed[currency][account] > 0) return account;
        }
        return stranger;
    }

    function _mayBeUnsettled(uint256 seed) private view returns (KnownAgreement storage known) {
        uint256 first = draw(seed, "agreement", 0, agreements.length - 1);
        for (uint256 i = 0; i < agreements.length && !chance(seed, "any agreement", 8); ++i) {
            known = agreements[(first + i) % agreements.length];
            if (known.earning > known.settled) return known;
        }
        return agreements[first];
    }
}
