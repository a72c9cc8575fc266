// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IModelRegistry } from "../../../contracts/interfaces/IModelRegistry.sol";
import { ModelState, ModelStatus } from "../../../contracts/types/Model.sol";
import { AssentTest } from "../base/AssentTest.sol";

contract DeprecateTest is AssentTest {
    function test_RevertWhen_TheSenderIsNotThePublisher() public {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotPublisher.selector, stranger, publisher));
        vm.prank(stranger);
        assent.deprecate(model);
    }

    function test_RevertGiven_ItWasNeverPublished() public {
        model.fee += 1;
        modelId = hasher.modelId(model);
        _expectNotPublished();
    }

    function test_RevertGiven_ItWasDeprecated() public {
        vm.prank(publisher);
        assent.deprecate(model);
        _expectNotPublished();
    }

    function test_GivenItWasPublished() public {
        skip(1 days);
        vm.expectEmit(address(assent));
        emit IModelRegistry.ModelDeprecated(modelId, publisher);
        vm.prank(publisher);
        assent.deprecate(model);

        ModelStatus memory status = assent.modelStatus(modelId);
        assertEq(uint8(status.state), uint8(ModelState.Deprecated), "state");
        assertEq(status.since, START + 1 days, "since");
        assertEq(status.outcomeCount, model.outcomeCount, "outcomeCount");
        assertEq(status.quorum, model.quorum, "quorum");
        assertEq(status.fee, model.fee, "fee");
    }

    function _expectNotPublished() private {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelNotPublished.selector, modelId));
        vm.prank(publisher);
        assent.deprecate(model);
    }
}
