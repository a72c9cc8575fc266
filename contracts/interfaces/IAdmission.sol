// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Who may take part in a committee
interface IAdmission {
    /// @notice Whether an operator may join, and renew its lease. Asked at both; an operator that is struck off stays until its lease ends.
    function admits(address operator) external view returns (bool);
}
