// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Test } from "forge-std/Test.sol";

import { Handler } from "./Handler.sol";

/// @notice Invariants that hold because nothing ever happened would be worth nothing: on fixed walks the handler comes to every end, and is
/// refused for every reason.
contract HandlerReachTest is Test {
    uint256 private constant STEPS = 5000;
    /// Actions that call nothing of their own.
    string private constant NO_CALL =
        "wait changeMood standAndOpen requestAndRecord requestAndClaim recordAndChallenge challengeAndJudge";
    /// What can go wrong here has an action of its own.
    string private constant NEVER_WRONG = "give giveBroad withdrawUngiven deposit recordMany anchorAhead";

    Handler private handler;

    function setUp() public {
        handler = Handler(vm.deployCode("Handler.sol:Handler"));
    }

    /// @dev Every action but those that are always refused, and what may become of a call beside its success.
    function test_ALongWalkReaches_EveryEnd() public {
        _walk("g");
        string[] memory names = handler.actions();
        for (uint256 i = 0; i < names.length; ++i) {
            if (_isForbidden(names[i]) || _among(names[i], NO_CALL)) continue;
            assertGt(handler.succeeded(names[i]), 0, names[i]);
        }
        string[] memory ends = vm.split(
            "uphold,correct,skip,challenge while delivered,seal,correct what is sealed,judge for an arbiter,"
            "rule in their place,rule as they did,overrule,close as judged,close unjudged,nobody to judge,"
            "convicted again,enter,leave,outbid,become too few",
            ","
        );
        for (uint256 i = 0; i < ends.length; ++i) {
            assertGt(handler.succeeded(ends[i]), 0, ends[i]);
        }
    }

    function test_ALongWalkReaches_EveryRefusal() public {
        _walk("a");
        string[] memory names = handler.actions();
        for (uint256 i = 0; i < names.length; ++i) {
            if (_isForbidden(names[i])) assertGt(handler.refused(names[i]), 5, names[i]);
            if (_isForbidden(names[i])) assertEq(handler.succeeded(names[i]), 0, names[i]);
            if (_among(names[i], NO_CALL) || _among(names[i], NEVER_WRONG)) continue;
            assertGt(handler.refused(names[i]), 0, names[i]);
        }
    }

    function _walk(string memory which) private {
        vm.pauseGasMetering(); // it is more than a test may use
        bytes4[] memory actions = handler.selectors();
        for (uint256 i = 0; i < STEPS; ++i) {
            uint256 seed = uint256(keccak256(abi.encode(which, i)));
            (bool success,) = address(handler).call(abi.encodeWithSelector(actions[seed % actions.length], seed >> 16));
            assertTrue(success, vm.toString(i));
            assertEq(handler.surprise(), "", vm.toString(i));
        }
    }

    function _isForbidden(string memory name) private pure returns (bool) {
        return _among(name, "joinWithAnothersAttester giveAgain standAgain") || vm.indexOf(name, "Forbidden") < 100;
    }

    function _among(string memory name, string memory names) private pure returns (bool) {
        string[] memory list = vm.split(names, " ");
        for (uint256 i = 0; i < list.length; ++i) {
            if (keccak256(bytes(list[i])) == keccak256(bytes(name))) return true;
        }
        return false;
    }
}
