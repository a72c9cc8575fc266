// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IEpochs } from "../interfaces/IEpochs.sol";
import { Members } from "../libraries/Members.sol";
import { Epoch, EpochEnd } from "../types/Epoch.sol";
import { Quorum } from "./Quorum.sol";

/// @dev What can be asked about epochs.
abstract contract EpochViews is IEpochs, Quorum {
    /// @inheritdoc IEpochs
    function currentEpoch() external view returns (Epoch memory) {
        return _epoch;
    }

    /// @inheritdoc IEpochs
    function epochEnd(uint32 epoch) external view returns (EpochEnd memory) {
        return _epochEnds[epoch];
    }

    /// @inheritdoc IEpochs
    function membersOf(uint32 epoch) external view returns (address[] memory attesters) {
        Epoch storage known = _epochs[epoch];
        if (known.members == address(0)) revert EpochUnknown(epoch);
        bytes memory members = _seated(known);
        attesters = new address[](known.seats);
        for (uint256 i = 0; i < attesters.length; ++i) {
            attesters[i] = Members.get(members, i);
        }
    }
}
