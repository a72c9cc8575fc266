// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Vm } from "forge-std/Vm.sol";

import { IModelRegistry } from "../../../contracts/interfaces/IModelRegistry.sol";
import { ModelId } from "../../../contracts/types/Ids.sol";
import { Model, ModelState, ModelStatus } from "../../../contracts/types/Model.sol";
import { Quoted, Quotes } from "../../../contracts/types/Quote.sol";
import { AssentTest } from "../base/AssentTest.sol";

contract PublishTest is AssentTest {
    string private constant URI = "https://models.example/screening";

    Model private version;
    /// Publishing calls no token: anything with code will do.
    address private token;
    address private otherToken;

    function setUp() public override {
        super.setUp();
        version = defaultModel(2);
        version.files = keccak256("files of another version");
        (token, otherToken) = (makeAddr("token"), makeAddr("other token"));
        vm.etch(token, hex"fe");
        vm.etch(otherToken, hex"fe");
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

    function test_RevertWhen_TheRoyaltyIsMoreThanHalf() public {
        version.royalty = 5001;
        _expectMalformed("royalty");
        version.royalty = type(uint16).max;
        _expectMalformed("royalty");
    }

    function test_RevertWhen_TheCurrencyHasNoCode() public {
        version.currency = makeAddr("no token");
        _expectMalformed("currency");
        version.currency = address(1); // a precompile
        _expectMalformed("currency");
        assertEq(assent.currencyAt(1), address(0), "listed");
    }

    function test_RevertWhen_OneOperatorAloneWouldBeAQuorum() public {
        _expectUnsafe(1, 4);
        _expectUnsafe(0, 4);
    }

    function test_RevertWhen_TheQuorumIsAboveTheSmallestCommittee() public {
        rotateToNext(); // a roll of eight doesn't help: the next may have four seats
        _expectUnsafe(5, 4);
        _expectUnsafe(255, 4);
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
        assertEq(uint8(assent.modelStatus(modelId).state), uint8(ModelState.Deprecated), "state");
    }

    /// @dev It is known before there is an epoch.
    function test_GivenThereIsNoCommittee() public {
        assent = deploy(4);
        _expectUnsafe(5, 4);
        version.quorum = 4;
        _assertPublishes(version, 0);
    }

    function test_WhenEveryTermIsMeant() public {
        _assertPublishes(version, 0);
    }

    function test_WhenEveryTermIsAtItsUpperLimit() public {
        version = Model({
            publisher: publisher,
            files: bytes32(type(uint256).max),
            inputs: bytes32(type(uint256).max),
            outcomes: bytes32(type(uint256).max),
            outcomeCount: type(uint8).max,
            quorum: 4,
            tolerance: 1_000_000,
            fee: type(uint96).max / 2,
            currency: address(0),
            royalty: 5000,
            arbiter: address(type(uint160).max),
            cap: type(uint96).max
        });
        _assertPublishes(version, 0);
    }

    function test_WhenEveryTermIsAtItsLowerLimit() public {
        version = Model(publisher, bytes32(uint256(1)), 0, 0, 2, 2, 0, 0, address(0), 0, address(0), 0);
        _assertPublishes(version, 0);
    }

    /// @dev Half of it is asked at most in a span of time: of less than that nobody could ask anything.
    function test_RevertWhen_TheCapIsLessThanTwoFees() public {
        version.cap = 2 * version.fee - 1;
        _expectMalformed("cap");
    }

    function test_WhenTheCurrencyIsNew() public {
        version.currency = token;
        vm.expectEmit(address(assent));
        emit IModelRegistry.CurrencyListed(1, token);
        _assertPublishes(version, 1);
        assertEq(assent.currencyAt(1), token, "the first");

        version.currency = otherToken;
        vm.expectEmit(address(assent));
        emit IModelRegistry.CurrencyListed(2, otherToken);
        _assertPublishes(version, 2);
        assertEq(assent.currencyAt(1), token, "still the first");
        assertEq(assent.currencyAt(2), otherToken, "the second");
    }

    function test_WhenTheCurrencyIsListed() public {
        version.currency = token;
        publishAs(version);
        vm.prank(publisher);
        assent.deprecate(version); // its token stays listed
        (version.publisher, version.fee) = (stranger, 7);
        vm.recordLogs();
        _assertPublishes(version, 1);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 2, "ModelPublished only: as expected, and as emitted");
        assertEq(logs[1].topics[0], IModelRegistry.ModelPublished.selector);
        assertEq(assent.currencyAt(2), address(0), "no second");
    }

    function test_WhenAnotherPublishesTheSameFiles() public {
        version = model;
        version.publisher = stranger;
        assertFalse(hasher.modelId(version) == modelId, "another id");
        _assertPublishes(version, 0);
    }

    function testFuzz_WhenTheTermsAreAny(Model memory any, uint256 which) public {
        any.outcomeCount = uint8(bound(any.outcomeCount, 0, 4));
        any.quorum = uint8(bound(any.quorum, 0, 6));
        any.tolerance = uint24(bound(any.tolerance, 0, 1_200_000));
        any.royalty = uint16(bound(any.royalty, 0, 6000));
        any.currency = [address(0), token, stranger][which % 3];
        if (which >> 8 & 1 == 0) any.cap = 0;
        bytes memory flaw = _flawOf(any);
        if (flaw.length == 0) return _assertPublishes(any, any.currency == token ? 1 : 0);
        vm.expectRevert(flaw);
        publishAs(any);
        assertEq(uint8(assent.modelStatus(hasher.modelId(any)).state), uint8(ModelState.None), "state");
    }

    /// @return What is to be said about the first term that can't be meant; nothing if there is none.
    function _flawOf(Model memory any) private view returns (bytes memory) {
        if (any.files == 0) return _malformed("files");
        if (any.outcomeCount < 2) return _malformed("outcomeCount");
        if (any.tolerance > 1_000_000) return _malformed("tolerance");
        if (any.cap != 0 && any.cap / 2 < any.fee) return _malformed("cap");
        if (any.royalty > 5000) return _malformed("royalty");
        if (any.currency == stranger) return _malformed("currency");
        if (any.quorum < 2 || any.quorum > 4) return _unsafe(any.quorum, 4);
        return "";
    }

    function _expectMalformed(string memory term) private {
        vm.expectRevert(_malformed(term));
        publishAs(version);
    }

    function _expectUnsafe(uint8 quorum, uint256 most) private {
        version.quorum = quorum;
        vm.expectRevert(_unsafe(quorum, most));
        publishAs(version);
    }

    function _malformed(string memory term) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IModelRegistry.ModelMalformed.selector, term);
    }

    function _unsafe(uint8 quorum, uint256 most) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IModelRegistry.QuorumUnsafe.selector, quorum, 2, most);
    }

    function _assertPublishes(Model memory wanted, uint32 currency) private {
        ModelId id = hasher.modelId(wanted);
        vm.expectEmit(address(assent));
        emit IModelRegistry.ModelPublished(id, wanted.publisher, wanted, URI);
        assertTrue(publishAs(wanted) == id, "id");
        Quoted memory quoted = Quoted(wanted.outcomeCount, wanted.quorum, wanted.royalty, currency, wanted.fee, 0);
        ModelStatus memory status =
            ModelStatus(ModelState.Published, uint40(vm.getBlockTimestamp()), Quotes.pack(quoted));
        assertEq(abi.encode(assent.modelStatus(id)), abi.encode(status), "status");
    }
}
