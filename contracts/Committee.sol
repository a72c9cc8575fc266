// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Bench } from "./committee/Bench.sol";
import { Roster } from "./committee/Roster.sol";
import { ICore } from "./interfaces/ICore.sol";
import { CommitteeTerms } from "./types/Roll.sol";

/// @title The committee
/// @notice Operators with their stakes, and the cases of challenged verdicts, in an account of their own: whatever happens here moves no
/// money of those who ask and agree.
contract Committee is Bench {
    /// @param core The contract whose verdicts it signs; it may be made after this one.
    constructor(ICore core, CommitteeTerms memory terms_) Roster(core, terms_) { }
}
