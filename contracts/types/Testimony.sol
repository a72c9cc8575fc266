// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Request, Verdict } from "./Verdict.sol";

/// @notice One operator's signature over a report with a verdict in it.
struct Testimony {
    Request request;
    Verdict verdict;
    /// From the verdict's leaf to the report's root; empty for a report of one.
    bytes32[] proof;
    uint32 epoch;
    uint32 count;
    /// EIP-2098.
    bytes signature;
}
