// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { EIP712 } from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import { OperatorPolicy, OperatorSet } from "./OperatorSet.sol";
import { VerdictOracle } from "./VerdictOracle.sol";

/// @title Assent
/// @notice Machine-learning verdicts about data whose owner agreed.
/// @dev The five registries deployed as one contract, without owner or proxy: a request reads consent, record and model from slots of one
/// account, which saves 7,800 gas of cold calls and every trust relation between contracts (docs/adr/0001).
contract Assent is VerdictOracle {
    constructor(OperatorPolicy memory policy) EIP712("Assent", "1") OperatorSet(policy) { }
}
