// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ConsentDesk } from "./base/ConsentDesk.sol";

/// @title The part of Assent for representatives, and for what becomes of an agreement after it was given
/// @dev Runs in `Assent`'s storage, by delegatecall, as `AssentDesk` does.
contract AssentConsents is ConsentDesk { }
