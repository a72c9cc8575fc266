// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IERC5267 } from "@openzeppelin/contracts/interfaces/IERC5267.sol";

import { IConsentDesk } from "./IConsentDesk.sol";
import { IConsentRegistry } from "./IConsentRegistry.sol";
import { ICore } from "./ICore.sol";
import { IEpochs } from "./IEpochs.sol";
import { IModelRegistry } from "./IModelRegistry.sol";
import { IRequestDesk } from "./IRequestDesk.sol";
import { IStandingRequests } from "./IStandingRequests.sol";
import { ITreasury } from "./ITreasury.sol";
import { IVerdictOracle } from "./IVerdictOracle.sol";

/// @title Assent
/// @notice Machine-learning verdicts about data whose owner agreed. All that the contract does, at one address.
interface IAssent is
    IConsentRegistry,
    IConsentDesk,
    IModelRegistry,
    IEpochs,
    IVerdictOracle,
    IRequestDesk,
    ITreasury,
    IStandingRequests,
    ICore,
    IERC5267
{
    /// @notice Ether without a purpose: call `deposit`.
    error PlainEther();

    /// @notice The contract with the code of requests, their money and contested verdicts, run in this one's storage.
    function requests() external view returns (address);

    /// @notice The contract with the code of what becomes of agreements, of representatives and models, run in this one's storage.
    function agreements() external view returns (address);

    /// @notice The contract of records and erasures, with a storage of its own.
    function records() external view returns (address);
}
