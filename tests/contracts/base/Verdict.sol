// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Signers } from "../../../contracts/types/Signers.sol";
import { Verdict } from "../../../contracts/types/Verdict.sol";

/// @return A verdict in clear.
function verdictOf(uint256 outcome, uint256 score, bytes32 trail) pure returns (Verdict memory) {
    return Verdict(bytes32(outcome), bytes32(score), trail);
}

/// @dev Of an outcome in clear.
function outcomeOf(Verdict memory verdict) pure returns (uint8) {
    return uint8(uint256(verdict.outcome));
}

/// @dev Of a score in clear.
function scoreOf(Verdict memory verdict) pure returns (uint24) {
    return uint24(uint256(verdict.score));
}

/// @return An outcome or a score as it stands in a verdict.
function inClear(uint256 value) pure returns (bytes32) {
    return bytes32(value);
}

/// @return What the `Recorded` event says of a verdict in clear.
function summaryOf(Verdict memory verdict, Signers by) pure returns (uint256) {
    return Signers.unwrap(by) | uint256(verdict.outcome) << 96 | uint256(verdict.score) << 104;
}
