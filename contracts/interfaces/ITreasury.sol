// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Agreement } from "../types/Agreement.sol";
import { AgreementId, PoolId } from "../types/Ids.sol";
import { Model } from "../types/Model.sol";
import { Pool } from "../types/Pool.sol";

/// @title Balances, and what was earned
/// @notice Everyone has a balance in each currency: what they deposited, what was refunded, what they earned. Requests may be paid from it;
/// all payments out are pulled. `address(0)` stands for ether.
interface ITreasury {
    event Deposited(address indexed account, address indexed currency, uint256 amount);
    event Withdrawn(address indexed account, address indexed currency, address indexed to, uint256 amount);
    /// @param index Member of the pool's epoch whose share was credited.
    event Collected(address indexed operator, PoolId indexed pool, uint256 index, uint256 amount);
    /// @param verdicts How many verdicts were settled now, at `price` for the subject and `royalty` for the publisher each.
    event Settled(
        AgreementId indexed agreement,
        address indexed subject,
        address indexed publisher,
        uint256 verdicts,
        uint256 price,
        uint256 royalty
    );

    error BalanceTooLow(address account, uint256 balance, uint256 wanted);
    /// @notice The value sent isn't the amount named, or ether came with a token's amount.
    error ValueMismatch(uint256 given, uint256 wanted);
    /// @notice The token delivered less, or more, than it was asked to: it isn't supported.
    error TokenUnsound(address token, uint256 delivered, uint256 wanted);
    error PoolUnknown(PoolId pool);
    error NotSigner(PoolId pool, uint256 index);
    error NothingToCollect();
    error NothingToSettle(AgreementId agreement);
    error NothingToWithdraw(address account);
    error ModelMismatch();

    /// @notice Adds to an account's balance, from the sender. Ether: send it along. Tokens: approve them before. Anyone may pay for anyone.
    /// @dev Refuses a token that takes a fee on transfers. One whose balances change by themselves breaks its own users' balances, no other's.
    function deposit(address account, address currency, uint256 amount) external payable;

    /// @notice Pays all of the sender's balance in a currency to `to`.
    function withdrawBalance(address currency, address to) external returns (uint256 amount);

    /// @notice Credits a member with its equal share of what its pool earned since it last collected. Anyone may call it.
    function collect(PoolId pool, uint256 index) external returns (uint256 amount);

    /// @notice Credits subject and publisher with price and royalty of the agreement's verdicts since the last time. Anyone may call it.
    function settle(Agreement calldata agreement, Model calldata model) external returns (uint256 verdicts);

    function balanceOf(address account, address currency) external view returns (uint256);

    function poolInfo(PoolId pool) external view returns (Pool memory);

    /// @notice The pool of what these signers have recorded in an epoch.
    function poolOf(uint32 epoch, uint64 signers, address currency) external view returns (PoolId);

    /// @notice The pool of the claims under an anchored root.
    function poolOfRoot(bytes32 root, address currency, uint8 quorum) external view returns (PoolId);
}
