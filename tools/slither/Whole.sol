// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Committee } from "../../contracts/Committee.sol";
import { Records } from "../../contracts/Records.sol";
import { ConsentDesk } from "../../contracts/base/ConsentDesk.sol";
import { ConsentRegistry } from "../../contracts/base/ConsentRegistry.sol";
import { Contests } from "../../contracts/base/Contests.sol";
import { EpochViews } from "../../contracts/base/EpochViews.sol";
import { ModelRegistry } from "../../contracts/base/ModelRegistry.sol";
import { RequestDesk } from "../../contracts/base/RequestDesk.sol";
import { StandingRequests } from "../../contracts/base/StandingRequests.sol";
import { Treasury } from "../../contracts/base/Treasury.sol";
import { VerdictOracle } from "../../contracts/base/VerdictOracle.sol";
import { Window } from "../../contracts/base/Window.sol";
import { Clinic } from "../../contracts/consumers/Clinic.sol";
import { ICommittee } from "../../contracts/interfaces/ICommittee.sol";

/// @notice All of Assent in one contract, for Slither: it looks at one contract at a time, and of the three that run on one storage each writes
/// what another reads. Too large to be deployed. Committee and records have storages of their own; they are imported to be looked at.
contract Whole is
    ConsentRegistry,
    ConsentDesk,
    ModelRegistry,
    EpochViews,
    Treasury,
    VerdictOracle,
    RequestDesk,
    StandingRequests,
    Contests
{
    uint8 private immutable _leastSeats;

    constructor(ICommittee committee_)
        Window(committee_.terms().window)
        Contests(address(committee_))
    {
        _leastSeats = committee_.terms().minRoll;
    }

    function _mustBeReachable(uint8 quorum) internal view override {
        if (quorum < MIN_QUORUM || quorum > _leastSeats) revert QuorumUnsafe(quorum, MIN_QUORUM, _leastSeats);
    }
}
