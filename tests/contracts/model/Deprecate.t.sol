// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IModelRegistry } from "../../../contracts/interfaces/IModelRegistry.sol";
import { RequestId, SourceId } from "../../../contracts/types/Ids.sol";
import { ModelState, ModelStatus } from "../../../contracts/types/Model.sol";
import { Question } from "../../../contracts/types/Question.sol";
import { Request, RequestState } from "../../../contracts/types/Verdict.sol";
import { AssentTest } from "../base/AssentTest.sol";

contract DeprecateTest is AssentTest {
    function test_RevertWhen_TheSenderIsNotThePublisher() public {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotPublisher.selector, stranger, publisher));
        vm.prank(stranger);
        assent.deprecate(model);
        assertEq(uint8(assent.modelStatus(modelId).state), uint8(ModelState.Published), "state");
    }

    /// @dev A model that names the sender as publisher is another model.
    function test_RevertWhen_TheSenderNamesItselfAsThePublisher() public {
        model.publisher = stranger;
        _expectNotPublished();
    }

    function test_RevertGiven_ItWasNeverPublished() public {
        model.fee += 1;
        _expectNotPublished();
    }

    function test_RevertGiven_ItWasDeprecated() public {
        _deprecate();
        skip(1 days);
        _expectNotPublished();
        assertEq(assent.modelStatus(modelId).since, START, "since");
    }

    function test_GivenItWasPublished() public {
        skip(1 days);
        vm.expectEmit(address(assent));
        emit IModelRegistry.ModelDeprecated(modelId, publisher);
        _deprecate();

        ModelStatus memory wanted = ModelStatus(ModelState.Deprecated, START + 1 days, expectedQuote());
        assertEq(abi.encode(assent.modelStatus(modelId)), abi.encode(wanted), "status");
    }

    function test_GivenItWasPublished_ThenItTakesNoRequest() public {
        give();
        _deprecate();
        SourceId source = hasher.sourceId(agreement.source);
        Question question = defaultQuestion(0);
        bytes memory reason = abi.encodeWithSelector(IModelRegistry.ModelNotPublished.selector, modelId);
        vm.expectRevert(reason);
        vm.prank(controller);
        assent.request{ value: FEE }(source, agreement.terms, question);
        vm.expectRevert(reason);
        assent.quote(agreement.terms);
    }

    function test_GivenARequestIsOpen_ThenItIsAnswered() public {
        give();
        (Request memory request, RequestId id) = ask(0);
        _deprecate();
        record(request, defaultVerdict(), attest(request, defaultVerdict(), 7));
        assertState(id, RequestState.Recorded);
    }

    function _deprecate() private {
        vm.prank(publisher);
        assent.deprecate(model);
    }

    function _expectNotPublished() private {
        bytes memory reason = abi.encodeWithSelector(IModelRegistry.ModelNotPublished.selector, hasher.modelId(model));
        vm.expectRevert(reason);
        vm.prank(model.publisher);
        assent.deprecate(model);
    }
}
