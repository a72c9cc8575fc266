// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Challenges, Testimony } from "../../../contracts/types/Challenge.sol";
import { RequestId, SourceId } from "../../../contracts/types/Ids.sol";
import { Mandate, Mandates } from "../../../contracts/types/Mandate.sol";
import { Operators } from "../../../contracts/types/Operator.sol";
import { Pools } from "../../../contracts/types/Pool.sol";
import { Asked, Questions } from "../../../contracts/types/Question.sol";
import { SignersLib } from "../../../contracts/types/Signers.sol";
import { Schedule, Under } from "../../../contracts/types/Standing.sol";
import { Attestation, Request, RequestState, Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { AssentTest } from "../base/AssentTest.sol";
import { verdictOf } from "../base/Verdict.sol";

contract ReviewHasher {
    function review(uint32 epoch, RequestId id, Verdict calldata verdict) external pure returns (bytes32) {
        return Challenges.hashReview(epoch, id, verdict);
    }
}

/// @notice The contract's parts find each variable that they share in the same slot of the storage.
/// @dev A view of one part reads a variable alone; another part, busy with its own work, must read the very slot. The variables stand in one
/// order in all parts, so where the outermost that two parts use agree, those in between do, too.
contract LayoutTest is AssentTest {
    ReviewHasher private reviews;

    function setUp() public override {
        super.setUp();
        reviews = new ReviewHasher();
        agreement.terms.price = 1;
        give();
        vm.deal(relayer, 1 ether);
    }

    function test_EachFunctionIsInOnePart() public view {
        assertEq(_partOf(assent.give.selector), address(assent), "give");
        assertEq(_partOf(assent.record.selector), address(assent), "record");
        assertEq(_partOf(assent.publish.selector), assent.consents(), "publish");
        assertEq(_partOf(assent.collect.selector), assent.registries(), "collect");
        assertEq(_partOf(assent.stand.selector), assent.desk(), "stand");
        assertEq(_partOf(assent.challenge.selector), assent.desk(), "challenge");
        assertEq(_partOf(assent.renew.selector), assent.consents(), "renew");
    }

    function test_Agreements_AreShared() public {
        SourceId source = hasher.sourceId(agreement.source);
        bytes memory seen = abi.encodeCall(assent.agreementStatus, (agreementId));
        bytes memory asking = abi.encodeCall(assent.request, (source, agreement.terms, defaultQuestion(7)));
        _assertShared(seen, controller, expectedQuote().total(), asking);
        askAndRecord(0, 7);
        _assertShared(seen, relayer, 0, abi.encodeCall(assent.settle, (agreement, model)));
    }

    /// @dev The last variable of all.
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
    }

    function test_Balances_AreShared() public {
        uint256 price = expectedQuote().total();
        assent.deposit{ value: 2 * price }(controller, address(0), 2 * price);
        SourceId source = hasher.sourceId(agreement.source);
        bytes memory seen = abi.encodeCall(assent.balanceOf, (controller, address(0)));
        bytes memory asking = abi.encodeCall(assent.request, (source, agreement.terms, defaultQuestion(0)));
        _assertShared(seen, controller, 0, asking);
        Under[] memory under = new Under[](1);
        under[0] = Under(source, agreement.terms);
        Schedule memory once = Schedule(uint40(vm.getBlockTimestamp()), 1 days, 1, 1 hours, false, false);
        bytes memory standing = abi.encodeCall(assent.stand, (under, defaultQuestion(0).forRound(1, 0), once));
        _assertShared(seen, controller, 0, standing);
        assertEq(assent.balanceOf(controller, address(0)), 0, "both paid from it");
    }

    function test_Requests_AreShared() public {
        (, RequestId id) = askAndRecord(0, 7);
        _assertShared(abi.encodeCall(assent.verdictOf, (id)), relayer, BOND, abi.encodeCall(assent.challenge, (id)));
        assertState(id, RequestState.Challenged);
    }

    /// @dev The mark in it is what the desk holds a recording against.
    function test_Requests_AreShared_WhenAVerdictIsDeliveredOnceMore() public {
        agreement.controller = address(reviews); // which takes none
        vm.deal(agreement.controller, 1 ether);
        give();
        Asked memory parts = asked(0);
        parts.callback = 1;
        (Request memory request, RequestId id) = ask(Questions.pack(parts));
        record(request, defaultVerdict(), attest(request, defaultVerdict(), 7));
        bytes memory seen = abi.encodeCall(assent.verdictOf, (id));
        _assertShared(seen, relayer, 0, abi.encodeCall(assent.retryCallback, (recordingOf(id))));
    }

    /// @dev A review's signers earn the bond in the pool of their reports.
    function test_Pools_AreShared() public {
        bytes memory seen = abi.encodeCall(assent.poolInfo, (Pools.id(SignersLib.pack(1, 7), 0)));
        _assertSharedWithRecord(seen);
        _assertShared(seen, relayer, 0, _review(1, 1));
    }

    function test_TheCurrentEpoch_IsShared() public {
        bytes memory seen = abi.encodeCall(assent.currentEpoch, ());
        _assertSharedWithRecord(seen);
        _assertShared(seen, relayer, 0, _review(1, 1));
    }

    /// @dev Epochs before the current one are looked up by their number.
    function test_Epochs_AreShared() public {
        rotateToNext();
        bytes memory seen = abi.encodeCall(assent.membersOf, (1));
        _assertSharedWithRecord(seen);
        _assertShared(seen, relayer, 0, _review(1, 1));
    }

    /// @dev They say how long the epoch before may still sign.
    function test_EpochEnds_AreShared() public {
        rotateToNext();
        bytes memory seen = abi.encodeCall(assent.epochEnd, (1));
        _assertSharedWithRecord(seen);
        _assertShared(seen, relayer, 0, _review(1, 1));
    }

    /// @dev It says who has too little stake left.
    function test_ThePolicy_IsShared() public {
        _assertShared(abi.encodeCall(assent.currentPolicy, ()), relayer, 0, _punishing());
    }

    /// @dev After them only the set of candidates is left, which has no view: whoever falls below the least stake is out of it, so that only
    /// such a one can be released.
    function test_Operators_AreShared() public {
        (address attester,) = attesterAt(0);
        _assertShared(abi.encodeCall(assent.operatorOf, (attester)), relayer, 0, _punishing());
        assertEq(assent.operatorInfo(operatorAt(0)).stake, STAKE - PENALTY, "punished");
        assent.addStake{ value: PENALTY }(operatorAt(0));
        assent.release(operatorAt(0));
    }

    /// @return The call that punishes operator 0 for a verdict corrected here.
    function _punishing() private returns (bytes memory) {
        (Request memory request,) = askAndRecord(1, 7);
        bytes memory reviewing = _reviewOf(1, request, verdictOf(0, 0, 0));
        assertTrue(_call(relayer, 0, reviewing));
        Attestation memory signed = attestRoot(1, leafOf(request, defaultVerdict()), 1);
        return abi.encodeCall(
            assent.punish, (Testimony(request, defaultVerdict(), new bytes32[](0), 1, 1, signed.signatures))
        );
    }

    /// @dev With what epoch 1 signs, the current one or the one before.
    function _assertSharedWithRecord(bytes memory seen) private {
        (Request memory request,) = ask(0);
        Attestation memory attestation = attestRoot(1, leafOf(request, defaultVerdict()), 7);
        _assertShared(seen, relayer, 0, abi.encodeCall(assent.record, (request, defaultVerdict(), attestation)));
    }

    /// @return The call that upholds a verdict on use `use`, recorded and challenged here.
    function _review(uint32 epoch, uint32 use) private returns (bytes memory) {
        (Request memory request,) = ask(use);
        record(request, defaultVerdict(), attestRoot(epoch, leafOf(request, defaultVerdict()), 7));
        return _reviewOf(epoch, request, defaultVerdict());
    }

    function _reviewOf(uint32 epoch, Request memory request, Verdict memory verdict) private returns (bytes memory) {
        RequestId id = Verdicts.id(request.agreement, request.question.use());
        vm.prank(relayer);
        assent.challenge{ value: BOND }(id);
        uint256 needed = Operators.supermajority(assent.membersOf(epoch).length);
        bytes32 structHash = reviews.review(epoch, id, verdict);
        Attestation memory attestation = attestReport(epoch, structHash, uint64((1 << needed) - 1));
        return abi.encodeCall(assent.review, (recordingOf(id), underNow(), model, verdict, attestation));
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
        address[4] memory parts = [address(assent), assent.registries(), assent.desk(), assent.consents()];
        string memory wanted = vm.replace(vm.toString(abi.encodePacked(selector)), "0x", "");
        for (uint256 i = 0; i < parts.length; ++i) {
            if (vm.indexOf(vm.toString(parts[i].code), wanted) == type(uint256).max) continue;
            assertEq(part, address(0), "in one part only");
            part = parts[i];
        }
        assertNotEq(part, address(0), "in no part");
    }
}
