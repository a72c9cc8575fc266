// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Arbiter } from "../../contracts/base/Arbiter.sol";
import { ConsentDesk } from "../../contracts/base/ConsentDesk.sol";
import { ConsentRegistry } from "../../contracts/base/ConsentRegistry.sol";
import { ModelRegistry } from "../../contracts/base/ModelRegistry.sol";
import { OperatorSet } from "../../contracts/base/OperatorSet.sol";
import { RecordRegistry } from "../../contracts/base/RecordRegistry.sol";
import { RequestDesk } from "../../contracts/base/RequestDesk.sol";
import { StandingRequests } from "../../contracts/base/StandingRequests.sol";
import { Treasury } from "../../contracts/base/Treasury.sol";
import { VerdictOracle } from "../../contracts/base/VerdictOracle.sol";
import { Clinic } from "../../contracts/consumers/Clinic.sol";
import { ChallengeTerms } from "../../contracts/types/Challenge.sol";

/// @notice All of Assent in one contract, for Slither: it looks at one contract at a time, and of the four that run on one storage each writes
/// what another reads. Too large to be deployed.
contract Whole is
    ConsentRegistry,
    ConsentDesk,
    RecordRegistry,
    ModelRegistry,
    OperatorSet,
    Treasury,
    VerdictOracle,
    RequestDesk,
    StandingRequests,
    Arbiter
{
    constructor(ChallengeTerms memory terms) VerdictOracle(terms.window) Arbiter(terms) { }
}
