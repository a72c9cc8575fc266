// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Finality, RequestState } from "../types/Verdict.sol";

/// @dev For how long a verdict may be challenged, and so from when on it can't change any more.
abstract contract Window {
    /// In seconds.
    uint256 private immutable _challengeWindow;

    constructor(uint256 window) {
        _challengeWindow = window;
    }

    function _isContestable(RequestState state, uint256 since) internal view returns (bool) {
        return state == RequestState.Recorded && block.timestamp <= since + _challengeWindow;
    }

    /// @dev Of a request that has a verdict.
    function _finality(RequestState state, uint256 since) internal view returns (Finality) {
        if (state == RequestState.Challenged) return Finality.Contested;
        return _isContestable(state, since) ? Finality.Contestable : Finality.Final;
    }
}
