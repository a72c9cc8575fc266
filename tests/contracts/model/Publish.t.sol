// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IModelRegistry } from "../../../contracts/interfaces/IModelRegistry.sol";
import { ModelId } from "../../../contracts/types/Ids.sol";
import { Model, ModelState, ModelStatus } from "../../../contracts/types/Model.sol";
import { AssentTest } from "../base/AssentTest.sol";

contract PublishTest is AssentTest {
    string private constant URI = "https://models.example/screening";

    Model private version;

    function setUp() public override {
        super.setUp();
        version = defaultModel(2);
        version.files = keccak256("files of another version");
    }

    function test_RevertWhen_TheSenderIsNotThePublisher() public {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotPublisher.selector, stranger, publisher));
        vm.prank(stranger);
        assent.publish(version, URI);
    }

    function test_RevertWhen_TheFilesHaveNoDigest() public {
        version.files = 0;
        _expectMalformed("files");
    }

    function test_RevertWhen_ThereIsOnlyOneOutcome() public {
        version.outcomeCount = 1;
        _expectMalformed("outcomeCount");
        version.outcomeCount = 0;
        _expectMalformed("outcomeCount");
    }

    function test_RevertWhen_TheToleranceIsAboveOneMillion() public {
        version.tolerance = 1_000_001;
        _expectMalformed("tolerance");
    }

    function test_RevertWhen_OneOperatorAloneWouldBeAQuorum() public {
        _expectUnsafe(1);
        _expectUnsafe(0);
    }

    function test_RevertWhen_TheQuorumIsAboveTheSmallestCommittee() public {
        rotateToNext(); // a committee of five doesn't help: the next may be of four
        _expectUnsafe(5);
        _expectUnsafe(255);
    }

    function test_RevertGiven_ItWasPublished() public {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelExists.selector, modelId));
        publishAs(model);
    }

    function test_RevertGiven_ItWasDeprecated() public {
        vm.prank(publisher);
        assent.deprecate(model);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelExists.selector, modelId));
        publishAs(model);
    }

    function test_WhenEveryTermIsMeant() public {
        ModelId wanted = hasher.modelId(version);
        vm.expectEmit(address(assent));
        emit IModelRegistry.ModelPublished(wanted, publisher, version, URI);
        assertTrue(publishAs(version) == wanted, "id");
        _assertPublished(wanted, version);
    }

    function test_WhenAnotherPublishesTheSameFiles() public {
        version = model;
        version.publisher = stranger;
        ModelId id = publishAs(version);
        assertFalse(id == modelId, "another id");
        _assertPublished(id, version);
    }

    function testFuzz_WhenTheTermsAreAny(Model memory any) public {
        any.outcomeCount = uint8(bound(any.outcomeCount, 0, 4));
        any.quorum = uint8(bound(any.quorum, 0, 6));
        any.tolerance = uint24(bound(any.tolerance, 0, 1_200_000));
        bool sound = any.files != 0 && any.outcomeCount >= 2 && any.quorum >= 2 && any.quorum <= 4;
        if (!sound || any.tolerance > 1_000_000) {
            vm.expectRevert();
            publishAs(any);
            return;
        }
        _assertPublished(publishAs(any), any);
    }

    function _expectMalformed(string memory term) private {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelMalformed.selector, term));
        publishAs(version);
    }

    function _expectUnsafe(uint8 quorum) private {
        version.quorum = quorum;
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.QuorumUnsafe.selector, quorum, 2, 4));
        publishAs(version);
    }

    function _assertPublished(ModelId id, Model memory wanted) private view {
        assertTrue(id == hasher.modelId(wanted), "id");
        ModelStatus memory status = assent.modelStatus(id);
        assertEq(uint8(status.state), uint8(ModelState.Published), "state");
        assertEq(status.since, vm.getBlockTimestamp(), "since");
        assertEq(status.outcomeCount, wanted.outcomeCount, "outcomeCount");
        assertEq(status.quorum, wanted.quorum, "quorum");
        assertEq(status.fee, wanted.fee, "fee");
    }
}
