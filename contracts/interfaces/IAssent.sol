// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IERC5267 } from "@openzeppelin/contracts/interfaces/IERC5267.sol";

import { IArbiter } from "./IArbiter.sol";
import { IConsentDesk } from "./IConsentDesk.sol";
import { IConsentRegistry } from "./IConsentRegistry.sol";
import { IEpochs } from "./IEpochs.sol";
import { IModelRegistry } from "./IModelRegistry.sol";
import { IOperatorSet } from "./IOperatorSet.sol";
import { IRecordRegistry } from "./IRecordRegistry.sol";
import { IRequestDesk } from "./IRequestDesk.sol";
import { IStandingRequests } from "./IStandingRequests.sol";
import { ITreasury } from "./ITreasury.sol";
import { IVerdictOracle } from "./IVerdictOracle.sol";

/// @title Assent
/// @notice Machine-learning verdicts about data whose owner agreed. All that the contract does, at one address.
interface IAssent is
    IConsentRegistry,
    IConsentDesk,
    IRecordRegistry,
    IModelRegistry,
    IEpochs,
    IOperatorSet,
    IVerdictOracle,
    IRequestDesk,
    ITreasury,
    IStandingRequests,
    IArbiter,
    IERC5267
{
    /// @notice Ether without a purpose: call `deposit`.
    error PlainEther();

    /// @notice The contract with the code of operators and balances, run in this one's storage.
    function registries() external view returns (address);

    /// @notice The contract with the code of records, standing requests and challenges, run in this one's storage.
    function desk() external view returns (address);

    /// @notice The contract with the code of what becomes of agreements, of representatives, models and lookups, run in this one's storage.
    function consents() external view returns (address);
}
