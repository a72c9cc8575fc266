// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { RequestId } from "../../../contracts/types/Ids.sol";
import { Request, RequestState } from "../../../contracts/types/Verdict.sol";
import { OracleTest } from "./OracleTest.sol";

contract StatesOfTest is OracleTest {
    function setUp() public override {
        super.setUp();
        give();
    }

    function test_WhenThereAreNoIds() public view {
        assertEq(assent.statesOf(new RequestId[](0)).length, 0);
    }

    function test_GivenRequestsInEveryState() public {
        RequestId[] memory ids = new RequestId[](10);
        for (uint32 use = 0; use < 9; ++use) {
            ids[use] = assent.requestId(agreementId, use);
        }
        ids[9] = ids[2]; // one twice
        ask(1);
        askAndRecord(2, SIGNERS);
        _expired(4);
        cancel(5);
        for (uint32 use = 6; use < 9; ++use) {
            askAndRecord(use, SIGNERS);
            challenge(ids[use]);
        }
        review(7, defaultVerdict());
        review(8, otherVerdict());
        _refused(3);

        RequestState[] memory states = assent.statesOf(ids);
        assertEq(states.length, 10, "length");
        for (uint256 i = 0; i < 10; ++i) {
            assertEq(uint8(states[i]), uint8(assent.verdictOf(ids[i]).state), "as verdictOf has it");
            assertEq(uint8(states[i]), i == 9 ? 2 : i, "each of them");
        }
    }

    /// @dev A callback that failed marks the state's own byte.
    function test_GivenACallbackFailed() public {
        (, RequestId id) = askAndRecord(0, SIGNERS);
        bytes32 slot = keccak256(abi.encode(id, _mapping(id)));
        vm.store(address(assent), slot, vm.load(address(assent), slot) | bytes32(uint256(0x80)));
        assertTrue(assent.verdictOf(id).undelivered, "undelivered");
        RequestId[] memory ids = new RequestId[](1);
        ids[0] = id;
        assertEq(uint8(assent.statesOf(ids)[0]), uint8(RequestState.Recorded));
    }

    function _expired(uint32 use) private {
        (Request memory request,) = ask(use);
        uint256 now_ = vm.getBlockTimestamp();
        vm.warp(request.question.deadline() + 1);
        assent.expire(request);
        vm.warp(now_);
    }

    /// @dev Under another agreement, so that its end leaves the others alone; the use's id is then told apart.
    function _refused(uint32 use) private {
        (Request memory request,) = ask(use);
        withdraw();
        assent.refuse(request);
    }

    /// @return place Of the mapping of requests among the contract's variables.
    function _mapping(RequestId id) private returns (uint256 place) {
        vm.record();
        assent.verdictOf(id);
        (bytes32[] memory reads,) = vm.accesses(address(assent));
        while (keccak256(abi.encode(id, place)) != reads[0]) ++place;
    }
}
