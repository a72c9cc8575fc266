// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Test } from "forge-std/Test.sol";
import { console } from "forge-std/console.sol";

import { HostileHandler } from "./HostileHandler.sol";

/// @notice Whatever the committee signs, each currency is conserved apart: docs/invariants.md, statement 3 without its ledger.
contract HostileTest is Test {
    HostileHandler private handler;

    function setUp() public {
        handler = HostileHandler(vm.deployCode("HostileHandler.sol:HostileHandler"));
        targetContract(address(handler));
        targetSelector(FuzzSelector(address(handler), handler.selectors()));
    }

    function invariant_EachCurrencyIsConservedApart() public view {
        handler.eachCurrencyIsConservedApart();
        handler.theCommitteeHasWhatItOwes();
        handler.eachPoolIsWhatItsNameSays();
        handler.theVictimHasItsDeposit();
        assertEq(handler.surprise(), "");
    }

    /// @dev What a walk left out is done at its end: each hostile act at least once on each, and the books balance.
    function afterInvariant() public {
        handler.complete();
        invariant_EachCurrencyIsConservedApart();
        string[] memory names = handler.hostileActs();
        for (uint256 i = 0; i < names.length; ++i) {
            assertGt(handler.succeeded(names[i]), 0, names[i]);
        }
        names = handler.neverActs();
        for (uint256 i = 0; i < names.length; ++i) {
            assertGt(handler.refused(names[i]), 0, names[i]);
            assertEq(handler.succeeded(names[i]), 0, names[i]);
        }
        names = handler.acts();
        for (uint256 i = 0; i < names.length; ++i) {
            console.log(names[i], handler.succeeded(names[i]), handler.refused(names[i]));
        }
    }
}

/// @notice On a fixed walk every act is let through now and then, and refused now and then: else the campaign would show nothing.
contract HostileReachTest is Test {
    uint256 private constant STEPS = 1500;

    function test_ALongWalkDoesEveryHostileAct_AndIsRefusedEach() public {
        vm.pauseGasMetering(); // it is more than a test may use
        HostileHandler handler = HostileHandler(vm.deployCode("HostileHandler.sol:HostileHandler"));
        bytes4[] memory acts = handler.selectors();
        for (uint256 i = 0; i < STEPS; ++i) {
            uint256 seed = uint256(keccak256(abi.encode("hostile", i)));
            (bool success,) = address(handler).call(abi.encodeWithSelector(acts[seed % acts.length], seed >> 16));
            assertTrue(success, vm.toString(i));
        }
        handler.eachCurrencyIsConservedApart();
        handler.theCommitteeHasWhatItOwes();
        handler.eachPoolIsWhatItsNameSays();
        handler.theVictimHasItsDeposit();
        assertEq(handler.surprise(), "");
        string[] memory names = handler.acts();
        for (uint256 i = 0; i < names.length; ++i) {
            // A proof that isn't one leads to no root; and some nobody may do.
            if (!_isNever(names[i])) assertGt(handler.succeeded(names[i]), 0, names[i]);
            if (!_is(names[i], "wait")) assertGt(handler.refused(names[i]), 0, names[i]);
        }
    }

    function _isNever(string memory name) private pure returns (bool) {
        return _is(name, "claimAnything") || _is(name, "joinTwice") || _is(name, "rotateTwice")
            || _is(name, "epochTrick") || _is(name, "tellInItsPlace");
    }

    function _is(string memory one, string memory other) private pure returns (bool) {
        return keccak256(bytes(one)) == keccak256(bytes(other));
    }
}
