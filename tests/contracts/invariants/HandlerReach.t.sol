// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Test } from "forge-std/Test.sol";

import { Handler } from "./Handler.sol";

/// @notice Invariants that hold because nothing ever happened would be worth nothing: the handler reaches every end, on a fixed walk.
contract HandlerReachTest is Test {
    Handler private handler;

    function setUp() public {
        handler = Handler(vm.deployCode("Handler.sol:Handler"));
    }

    function test_AShortWalkReaches_AVerdict() public {
        for (uint256 seed = 1; handler.succeeded("record") == 0; ++seed) {
            handler.requestAndRecord(seed);
        }
        assertLt(handler.steps(), 5);
    }

    function test_AShortWalkReaches_ARefusal() public {
        for (uint256 seed = 1; handler.succeeded("refuse") == 0; ++seed) {
            handler.request(seed);
            handler.withdraw(seed, true);
            handler.refuse(seed);
        }
        assertLt(handler.steps(), 20);
    }

    function test_AShortWalkReaches_AnExpiry() public {
        for (uint256 seed = 1; handler.succeeded("expire") == 0; ++seed) {
            handler.request(seed);
            handler.wait(8);
            handler.expire(seed);
        }
        assertLt(handler.steps(), 20);
    }

    function test_AShortWalkReaches_AnotherEpoch() public {
        for (uint256 seed = 1; handler.succeeded("join") == 0; ++seed) {
            handler.join(seed, false);
        }
        handler.rotate(address(this), true);
        assertEq(handler.contractUnderTest().currentEpoch().number, 2);
        assertLt(handler.steps(), 5);
    }

    function test_AShortWalkReaches_AStakePaidBack() public {
        for (uint256 seed = 1; handler.succeeded("withdrawStake") == 0; ++seed) {
            handler.join(seed, false);
            handler.rotate(address(this), true);
            handler.resign(seed);
            handler.rotate(address(this), true);
            handler.withdrawStake(3 * seed);
        }
        assertLt(handler.steps(), 50);
    }

    function test_ALongWalkReaches_EveryEnd() public {
        for (uint256 i = 0; i < 2000; ++i) {
            _walk(uint256(keccak256(abi.encode("walk", i))));
        }
        assertEq(handler.surprise(), "");
        string[14] memory actions = [
            "give",
            "withdraw",
            "withdrawUngiven",
            "request",
            "record",
            "refuse",
            "expire",
            "collect",
            "withdrawCredits",
            "join",
            "resign",
            "rotate",
            "withdrawStake",
            "publish"
        ];
        for (uint256 i = 0; i < actions.length; ++i) {
            assertGt(handler.succeeded(actions[i]), 5, actions[i]);
        }
        assertGt(handler.succeeded("deprecate"), 0, "deprecate");
    }

    function test_ALongWalkReaches_EveryRefusal() public {
        for (uint256 i = 0; i < 2000; ++i) {
            _walk(uint256(keccak256(abi.encode("another walk", i))));
        }
        string[8] memory actions =
            ["record", "refuse", "expire", "collect", "join", "rotate", "withdrawStake", "request"];
        for (uint256 i = 0; i < actions.length; ++i) {
            assertGt(handler.refused(actions[i]), 5, actions[i]);
        }
        string[4] memory forbidden = ["requestForbidden", "recordForbidden", "giveAgain", "joinWithAnothersAttester"];
        for (uint256 i = 0; i < forbidden.length; ++i) {
            assertGt(handler.refused(forbidden[i]), 20, forbidden[i]);
            assertEq(handler.succeeded(forbidden[i]), 0, forbidden[i]);
        }
    }

    function _walk(uint256 seed) private {
        uint256 way = seed % 21;
        bool flag = (seed >> 8) % 2 == 0;
        seed >>= 16;
        if (way == 0) handler.join(seed, flag);
        else if (way == 1) handler.joinWithAnothersAttester(seed);
        else if (way == 2) handler.resign(seed);
        else if (way == 3) handler.withdrawStake(seed);
        else if (way == 4) handler.rotate(address(uint160(seed)), flag);
        else if (way == 5) handler.wait(seed);
        else if (way == 6) handler.publish(seed);
        else if (way == 7) handler.deprecate(seed);
        else if (way == 8) handler.give(seed, flag);
        else if (way == 9) handler.giveAgain(seed, flag);
        else if (way == 10) handler.withdraw(seed, flag);
        else if (way == 11) handler.request(seed);
        else if (way == 12) handler.requestForbidden(seed, uint8(seed >> 8));
        else if (way == 13) handler.record(seed);
        else if (way == 14) handler.recordForbidden(seed, uint8(seed >> 8));
        else _walkFurther(way, seed);
    }

    function _walkFurther(uint256 way, uint256 seed) private {
        if (way == 15) handler.refuse(seed);
        else if (way == 16) handler.expire(seed);
        else if (way == 17) handler.collect(seed);
        else if (way == 18) handler.withdrawCredits(seed);
        else if (way == 19) handler.withdrawUngiven(seed, seed % 2 == 0);
        else handler.requestAndRecord(seed);
    }
}
