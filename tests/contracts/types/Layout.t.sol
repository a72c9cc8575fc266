// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { SSTORE2 } from "solady/utils/SSTORE2.sol";

import { ICore } from "../../../contracts/interfaces/ICore.sol";
import { AgreementId, RequestId, SourceId } from "../../../contracts/types/Ids.sol";
import { Mandate, Mandates } from "../../../contracts/types/Mandate.sol";
import { Models } from "../../../contracts/types/Model.sol";
import { Pools } from "../../../contracts/types/Pool.sol";
import { Asked, Questions } from "../../../contracts/types/Question.sol";
import { SignersLib } from "../../../contracts/types/Signers.sol";
import { Attestation, Request, RequestState } from "../../../contracts/types/Verdict.sol";
import { AssentTest } from "../base/AssentTest.sol";

/// @notice The contract's parts find each variable that they share in the same slot of the storage.
/// @dev A view of one part reads a variable alone; another part, busy with its own work, must read the very slot. The variables stand in one
/// order in all parts, so where the outermost that two parts use agree, those in between do, too.
contract LayoutTest is AssentTest {
    function setUp() public override {
        super.setUp();
        agreement.terms.price = 1;
        give();
        vm.deal(relayer, 1 ether);
    }

    function test_EachFunctionIsInOnePart() public view {
        assertEq(_partOf(assent.give.selector), address(assent), "give");
        assertEq(_partOf(assent.record.selector), address(assent), "record");
        assertEq(_partOf(assent.collect.selector), assent.requests(), "collect");
        assertEq(_partOf(assent.stand.selector), assent.requests(), "stand");
        assertEq(_partOf(ICore.contest.selector), assent.requests(), "contest");
        assertEq(_partOf(assent.publish.selector), assent.agreements(), "publish");
        assertEq(_partOf(assent.renew.selector), assent.agreements(), "renew");
        assertEq(_partOf(assent.membersOf.selector), assent.agreements(), "membersOf");
    }

    function test_Agreements_AreShared() public {
        SourceId source = hasher.sourceId(agreement.source);
        bytes memory seen = abi.encodeCall(assent.agreementStatus, (agreementId));
        bytes memory asking = abi.encodeCall(assent.request, (source, agreement.terms, defaultQuestion(7)));
        _assertShared(seen, controller, expectedQuote().total(), asking);
        uint40 later = agreement.terms.validUntil + 1;
        _assertShared(seen, subject, 0, abi.encodeCall(assent.renew, (agreement, later)));
    }

    /// @dev The last that two parts use.
    function test_Adopted_IsShared() public {
        (agreement.terms.model, agreement.source.salt) = (Models.by(publisher, 0), "another");
        give();
        vm.prank(controller);
        AgreementId adopted = assent.adopt(agreement, model, 1);
        bytes memory seen = abi.encodeCall(assent.adoptedUnder, (agreementId));
        assertTrue(assent.adoptedUnder(agreementId)[0] == adopted, "adopted");
        _assertShared(seen, subject, 0, abi.encodeCall(assent.withdraw, (agreement)));
    }

    function test_Mandates_AreShared() public {
        Mandate memory mandate = Mandate(Mandates.GIVE, 0, type(uint40).max, uint120(agreement.terms.purposes));
        vm.prank(subject);
        assent.appoint(relayer, mandate);
        agreement.source.salt = "another";
        bytes memory seen = abi.encodeCall(assent.mandateOf, (subject, relayer));
        _assertShared(seen, relayer, 0, abi.encodeCall(assent.give, (agreement)));
    }

    function test_Models_AreShared() public {
        SourceId source = hasher.sourceId(agreement.source);
        bytes memory seen = abi.encodeCall(assent.modelStatus, (modelId));
        bytes memory asking = abi.encodeCall(assent.request, (source, agreement.terms, defaultQuestion(0)));
        _assertShared(seen, controller, expectedQuote().total(), asking);
        askAndRecord(1, 7);
        _assertShared(seen, relayer, 0, abi.encodeCall(assent.settle, (agreement, model)));
    }

    function test_CurrencyIndexes_AreShared() public {
        model.currency = address(hasher);
        publishAs(model);
        bytes memory seen = abi.encodeCall(assent.poolOf, (1, 7, model.currency));
        Attestation memory attestation = attestRoot(1, ROOT, 7);
        bytes memory work = abi.encodeCall(assent.anchor, (ROOT, 1, model.currency, modelQuorum(), attestation));
        _assertShared(seen, relayer, 0, work);
        model.files = "another";
        _assertShared(seen, publisher, 0, abi.encodeCall(assent.publish, (model, "")));
    }

    function test_Balances_AreShared() public {
        uint256 price = expectedQuote().total();
        assent.deposit{ value: 2 * price }(controller, address(0), 2 * price);
        SourceId source = hasher.sourceId(agreement.source);
        bytes memory seen = abi.encodeCall(assent.balanceOf, (controller, address(0)));
        bytes memory asking = abi.encodeCall(assent.request, (source, agreement.terms, defaultQuestion(0)));
        _assertShared(seen, controller, 0, asking);
    }

    function test_Requests_AreShared() public {
        (, RequestId id) = askAndRecord(0, 7);
        bytes memory contest = abi.encodeCall(ICore.contest, (recordingOf(id), underNow()));
        _assertShared(abi.encodeCall(assent.verdictOf, (id)), address(committee), 0, contest);
        assertState(id, RequestState.Challenged);
    }

    /// @dev Who rules, one part is told when a model is published, and another tells the committee.
    function test_Arbiters_AreShared() public {
        model.arbiter = stranger;
        agreement.terms.model = publishAs(model);
        give();
        (, RequestId id) = askAndRecord(0, 7);
        challengeOf(recordingOf(id));
        assertEq(committee.caseOf(id).arbiter, stranger, "arbiter");
    }

    /// @dev The mark in it is what another part holds a recording against.
    function test_Requests_AreShared_WhenAVerdictIsDeliveredOnceMore() public {
        agreement.controller = address(hasher); // which takes none
        vm.deal(agreement.controller, 1 ether);
        give();
        Asked memory parts = asked(0);
        parts.callback = 1;
        (Request memory request, RequestId id) = ask(Questions.pack(parts));
        record(request, defaultVerdict(), attest(request, defaultVerdict(), 7));
        bytes memory seen = abi.encodeCall(assent.verdictOf, (id));
        _assertShared(seen, relayer, 0, abi.encodeCall(assent.retryCallback, (recordingOf(id))));
    }

    function test_Pools_AreShared() public {
        _assertSharedWithRecord(abi.encodeCall(assent.poolInfo, (Pools.id(SignersLib.pack(1, 7), 0))));
    }

    function test_TheCurrentEpoch_IsShared() public {
        bytes memory seen = abi.encodeCall(assent.currentEpoch, ());
        _assertSharedWithRecord(seen);
        address members = SSTORE2.write(new bytes(7 * 40));
        _assertShared(seen, address(committee), 0, abi.encodeCall(ICore.setEpoch, (2, 4, 7, members, 0)));
    }

    /// @dev Epochs before the current one are looked up by their number.
    function test_Epochs_AreShared() public {
        rotateToNext();
        _assertSharedWithRecord(abi.encodeCall(assent.membersOf, (1)));
    }

    /// @dev They say how long the epoch before may still sign.
    function test_EpochEnds_AreShared() public {
        rotateToNext();
        _assertSharedWithRecord(abi.encodeCall(assent.epochEnd, (1)));
    }

    /// @dev With what epoch 1 signs, the current one or the one before.
    function _assertSharedWithRecord(bytes memory seen) private {
        (Request memory request,) = ask(0);
        Attestation memory attestation = attestRoot(1, leafOf(request, defaultVerdict()), 7);
        _assertShared(seen, relayer, 0, abi.encodeCall(assent.record, (request, defaultVerdict(), attestation)));
    }

    function _assertShared(bytes memory seen, address worker, uint256 value, bytes memory work) private {
        assertNotEq(_partOf(bytes4(seen)), _partOf(bytes4(work)), "parts");
        bytes32[] memory read = _reads(address(this), 0, seen);
        bytes32 slot = read[read.length - 1];
        read = _reads(worker, value, work);
        bool shared = false;
        for (uint256 i = 0; i < read.length; ++i) {
            if (read[i] == slot) shared = true;
        }
        assertTrue(shared, "slot");
    }

    /// @return slots What the call reads of Assent's storage, in order.
    function _reads(address sender, uint256 value, bytes memory data) private returns (bytes32[] memory slots) {
        vm.record();
        assertTrue(_call(sender, value, data), "call");
        (slots,) = vm.accesses(address(assent));
        vm.stopRecord();
        assertGt(slots.length, 0, "reads");
    }

    function _call(address sender, uint256 value, bytes memory data) private returns (bool success) {
        vm.prank(sender);
        (success,) = address(assent).call{ value: value }(data);
    }

    /// @dev A function's selector stands in the code of the part that has it: that's how it is dispatched.
    function _partOf(bytes4 selector) private view returns (address part) {
        address[3] memory parts = [address(assent), assent.requests(), assent.agreements()];
        string memory wanted = vm.replace(vm.toString(abi.encodePacked(selector)), "0x", "");
        for (uint256 i = 0; i < parts.length; ++i) {
            if (vm.indexOf(vm.toString(parts[i].code), wanted) == type(uint256).max) continue;
            assertEq(part, address(0), "in one part only");
            part = parts[i];
        }
        assertNotEq(part, address(0), "in no part");
    }
}
