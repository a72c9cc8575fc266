// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice One fixed membership of the committee.
/// @dev One storage slot; the members themselves are the code of `members`, 20 bytes each.
struct Epoch {
    uint32 number;
    /// How many of the first members sign reports.
    uint8 seats;
    /// How many members there are.
    uint8 roll;
    uint40 since;
    address members;
}

/// @notice For how long an epoch that is over still counts. How long the stakes of its members are held is the committee's affair.
struct EpochEnd {
    /// Last second at which its members may sign, if it is the epoch before the current one (Unix time).
    uint40 signsUntil;
}
