// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IERC20 } from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import { SafeERC20 } from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import { Address } from "@openzeppelin/contracts/utils/Address.sol";
import { ReentrancyGuardTransient } from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import { LibBit } from "solady/utils/LibBit.sol";

import { IModelRegistry } from "../interfaces/IModelRegistry.sol";
import { ITreasury } from "../interfaces/ITreasury.sol";
import { Agreement, AgreementSlot, Agreements } from "../types/Agreement.sol";
import { AgreementId, PoolId } from "../types/Ids.sol";
import { Model, Models } from "../types/Model.sol";
import { Pool, PoolSlot, Pools } from "../types/Pool.sol";
import { Quote } from "../types/Quote.sol";
import { SignersLib } from "../types/Signers.sol";
import { Quorum } from "./Quorum.sol";

/// @dev Where money comes in and goes out. Nothing else in the contract calls a token.
abstract contract Treasury is ITreasury, Quorum, ReentrancyGuardTransient {
    using Agreements for Agreement;
    using Models for Model;
    using SafeERC20 for IERC20;

    /// @inheritdoc ITreasury
    function deposit(address account, address currency, uint256 amount) external payable nonReentrant {
        uint32 index = _indexOf(currency);
        if (msg.value != (index == 0 ? amount : 0)) revert ValueMismatch(msg.value, index == 0 ? amount : 0);
        if (index != 0) _pull(IERC20(currency), amount);
        _balances[index][account] += amount;
        emit Deposited(account, currency, amount);
    }

    /// @inheritdoc ITreasury
    function withdrawBalance(address currency, address to) external nonReentrant returns (uint256 amount) {
        uint32 index = _indexOf(currency);
        amount = _balances[index][msg.sender];
        if (amount == 0) revert NothingToWithdraw(msg.sender);
        _balances[index][msg.sender] = 0;
        emit Withdrawn(msg.sender, currency, to, amount);
        if (index == 0) Address.sendValue(payable(to), amount);
        else IERC20(currency).safeTransfer(to, amount);
    }

    /// @inheritdoc ITreasury
    function collect(PoolId id, uint256 index) external returns (uint256 amount) {
        Pool memory pool = _pool(id);
        if (pool.epoch == 0) revert PoolUnknown(id);
        if ((pool.signers >> index) & 1 == 0) revert NotSigner(id, index);
        // Rounded down: of an amount that doesn't divide, the rest waits for the pool's next earnings.
        uint256 share = pool.earned / LibBit.popCount(pool.signers);
        amount = share - _collected[id][index];
        if (amount == 0) revert NothingToCollect();
        _collected[id][index] = share;
        address operator = _operatorAt(pool.epoch, index);
        _balances[pool.currency][operator] += amount;
        emit Collected(operator, id, index, amount);
    }

    /// @inheritdoc ITreasury
    function settle(Agreement calldata agreement, Model calldata model) external returns (uint256 verdicts) {
        AgreementId id = agreement.id();
        if (agreement.terms.model != model.id()) revert ModelMismatch();
        AgreementSlot slot = _agreements[id];
        verdicts = slot.unsettled();
        if (verdicts == 0) revert NothingToSettle(id);
        _agreements[id] = slot.allSettled();
        Quote quote = _models[agreement.terms.model].quote(agreement.terms.price);
        (uint256 price, uint256 royalty) = (quote.price(), quote.royalty());
        mapping(address account => uint256) storage balances = _balances[quote.currency()];
        balances[agreement.source.subject] += verdicts * price;
        balances[model.publisher] += verdicts * royalty;
        emit Settled(id, agreement.source.subject, model.publisher, verdicts, price, royalty);
    }

    /// @inheritdoc ITreasury
    function balanceOf(address account, address currency) external view returns (uint256) {
        return _balances[_indexOf(currency)][account];
    }

    /// @inheritdoc ITreasury
    function poolInfo(PoolId pool) external view returns (Pool memory) {
        return _pool(pool);
    }

    /// @inheritdoc ITreasury
    function poolOf(uint32 epoch, uint64 signers, address currency) external view returns (PoolId) {
        return Pools.id(SignersLib.pack(epoch, signers), _indexOf(currency));
    }

    /// @inheritdoc ITreasury
    function poolOfRoot(bytes32 root, address currency, uint8 quorum) external view returns (PoolId) {
        return Pools.id(root, _indexOf(currency), quorum);
    }

    function _pool(PoolId id) private view returns (Pool memory) {
        PoolSlot slot = _pools[id];
        return slot.unpack(slot.carries() ? _carried[id] : 0);
    }

    /// @dev What arrives must be what was named: a token that takes a fee on transfers would leave balances uncovered.
    function _pull(IERC20 token, uint256 amount) private {
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 delivered = token.balanceOf(address(this)) - before;
        if (delivered != amount) revert TokenUnsound(address(token), delivered, amount);
    }

    function _indexOf(address currency) private view returns (uint32 index) {
        index = _indexes[currency];
        if (index == 0 && currency != address(0)) revert IModelRegistry.CurrencyUnknown(currency);
    }
}
