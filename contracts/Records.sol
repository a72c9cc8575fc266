// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Erasures } from "./base/Erasures.sol";
import { RecordRegistry } from "./base/RecordRegistry.sol";
import { IAssent } from "./interfaces/IAssent.sol";
import { AgreementStatus } from "./types/Agreement.sol";
import { AgreementId } from "./types/Ids.sol";

/// @title Records
/// @notice What holders commit to, and who says that it has erased. It holds no money and no consent, so it has a storage of its own and an
/// account of its own, and Assent reads nothing of it.
contract Records is RecordRegistry, Erasures {
    /// @notice Where the agreements are.
    IAssent public immutable core;

    /// @param core_ It may be made after this one.
    constructor(IAssent core_) {
        core = core_;
    }

    function _agreementStatus(AgreementId id) internal view override returns (AgreementStatus memory) {
        return core.agreementStatus(id);
    }
}
