// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { RequestId } from "../types/Ids.sol";
import { Model } from "../types/Model.sol";
import { Under } from "../types/Standing.sol";
import { Testimony } from "../types/Testimony.sol";

/// @title Signatures that no honest operator would make both
interface IConflicts {
    /// @notice Not of one operator about one request that was asked, under this agreement and model, or of an epoch to come.
    error TestimonyIrrelevant(RequestId id);
    /// @notice An honest operator may have signed both: no more than twice the model's tolerance apart, and not one score with both outcomes
    /// of a model that has two; or they are sealed.
    error TestimoniesCompatible(RequestId id);
    error AttesterUnknown(address attester);
    /// @notice It was convicted since it signed these, and loses nothing more for what it signed until then.
    error AlreadyPunished(RequestId id, address operator);
    /// @notice It has less than a penalty at stake.
    error NothingToTake(address operator);

    /// @notice Takes a penalty, and its seat, from an operator that signed two reports about one request which no honest one could both sign:
    /// once for all that it signed until then, as from who signed false verdicts. As much as a bond, half of it at most, is the sender's.
    /// @param under Source and terms of the request's agreement.
    /// @param model The agreement's model, for its tolerance.
    function punishConflict(
        Under calldata under,
        Model calldata model,
        Testimony calldata first,
        Testimony calldata second
    ) external;
}
