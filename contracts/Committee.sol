// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Conflicts } from "./committee/Conflicts.sol";
import { Roster } from "./committee/Roster.sol";
import { ICore } from "./interfaces/ICore.sol";
import { CommitteeTerms } from "./types/Roll.sol";

/// @title The committee
/// @notice Operators with their stakes, and the cases of challenged verdicts, in an account of their own: whatever happens here moves no
/// money of those who ask and agree.
contract Committee is Conflicts {
    /// @param core_ The contract whose verdicts it signs; it may be made after this one.
    constructor(ICore core_, CommitteeTerms memory terms_) Roster(core_, terms_) { }
}
