// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Epoch, EpochEnd } from "../types/Epoch.sol";

/// @title Who signs reports, epoch by epoch
interface IEpochs {
    error EpochUnknown(uint32 epoch);

    /// @notice The epoch whose members sign now; number 0 before the first.
    function currentEpoch() external view returns (Epoch memory);

    /// @notice Until when an epoch that is over may sign. Zero for one that isn't over, and for one that a conviction ended.
    function epochEnd(uint32 epoch) external view returns (EpochEnd memory);

    /// @notice Attesters of the members of an epoch that sign reports, in the order of the signers' bitmap.
    function membersOf(uint32 epoch) external view returns (address[] memory);
}
