// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Test } from "forge-std/Test.sol";
import { console } from "forge-std/console.sol";

import { HostileHandler } from "./HostileHandler.sol";

/// @notice Whatever the committee signs, each currency is conserved apart: docs/invariants.md, statement 3 without its ledger.
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: default.invariant.check-interval = 8
/// forge-config: ci.invariant.fail-on-revert = true
/// forge-config: ci.invariant.check-interval = 8
contract HostileTest is Test {
    HostileHandler private handler;

    function setUp() public {
        handler = HostileHandler(vm.deployCode("HostileHandler.sol:HostileHandler"));
        targetContract(address(handler));
        targetSelector(FuzzSelector(address(handler), handler.selectors()));
    }

    function invariant_EachCurrencyIsConservedApart() public view {
        handler.eachCurrencyIsConservedApart();
        handler.eachPoolIsWhatItsNameSays();
        handler.theVictimHasItsDeposit();
    }

    function afterInvariant() public view {
        string[] memory names = handler.acts();
        for (uint256 i = 0; i < names.length; ++i) {
            console.log(names[i], handler.succeeded(names[i]), handler.refused(names[i]));
        }
    }
}

/// @notice On a fixed walk every act is let through now and then, and refused now and then: else the campaign would show nothing.
contract HostileReachTest is Test {
    uint256 private constant STEPS = 900;

    function test_ALongWalkDoesEveryHostileAct_AndIsRefusedEach() public {
        HostileHandler handler = HostileHandler(vm.deployCode("HostileHandler.sol:HostileHandler"));
        bytes4[] memory acts = handler.selectors();
        for (uint256 i = 0; i < STEPS; ++i) {
            uint256 seed = uint256(keccak256(abi.encode("hostile", i)));
            (bool success,) = address(handler).call(abi.encodeWithSelector(acts[seed % acts.length], seed >> 16));
            assertTrue(success, vm.toString(i));
        }
        handler.eachCurrencyIsConservedApart();
        handler.eachPoolIsWhatItsNameSays();
        handler.theVictimHasItsDeposit();
        string[] memory names = handler.acts();
        for (uint256 i = 0; i < names.length; ++i) {
            // A proof that isn't one leads to no root.
            if (!_is(names[i], "claimAnything")) assertGt(handler.succeeded(names[i]), 0, names[i]);
            if (!_is(names[i], "wait")) assertGt(handler.refused(names[i]), 0, names[i]);
        }
    }

    function _is(string memory one, string memory other) private pure returns (bool) {
        return keccak256(bytes(one)) == keccak256(bytes(other));
    }
}
