// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentRegistry } from "../../../contracts/interfaces/IConsentRegistry.sol";
import { IModelRegistry } from "../../../contracts/interfaces/IModelRegistry.sol";
import { IRecordRegistry } from "../../../contracts/interfaces/IRecordRegistry.sol";
import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { Steps } from "../../../contracts/types/Agreement.sol";
import { ModelId, RecordId, RequestId } from "../../../contracts/types/Ids.sol";
import { Request, RequestState } from "../../../contracts/types/Verdict.sol";
import { AssentTest } from "../base/AssentTest.sol";

contract RequestTest is AssentTest {
    uint256 private value = FEE;
    uint8 private purpose;
    uint8 private step = Steps.INFER;
    uint32 private use;
    uint40 private until;

    function setUp() public override {
        super.setUp();
        purpose = purposeAgreed;
        until = deadline();
        vm.deal(stranger, 1 ether);
    }

    // The agreement

    function test_RevertGiven_TheAgreementWasNeverGiven() public {
        _expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementNotGiven.selector, agreementId));
    }

    function test_RevertGiven_TheAgreementWasWithdrawn() public {
        give();
        withdraw();
        _expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementNotGiven.selector, agreementId));
    }

    function test_RevertWhen_TheSenderIsNotTheController() public {
        give();
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.ControllerMismatch.selector, stranger, controller));
        vm.prank(stranger);
        assent.request{ value: FEE }(agreement, purpose, step, use, until);
    }

    function test_RevertWhen_TheAgreementIsNotYetValid() public {
        agreement.validFrom = START + 1;
        give();
        _expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementNotYetValid.selector, START + 1, START));
    }

    function test_RevertWhen_TheAgreementHasExpired() public {
        give();
        vm.warp(agreement.validUntil);
        bytes4 reason = IConsentRegistry.AgreementExpired.selector;
        _expectRevert(abi.encodeWithSelector(reason, agreement.validUntil, agreement.validUntil));
    }

    function test_RevertWhen_ThePurposeIsAnother() public {
        give();
        purpose = purposeNamed("Marketing");
        _expectNotAgreed();
    }

    function test_RevertWhen_ThePurposeIsBroaderThanAgreed() public {
        give();
        purpose = purposeNamed("PublicBenefit");
        _expectNotAgreed();
    }

    function test_RevertWhen_ThePurposeIsProhibited() public {
        _agree("ResearchAndDevelopment", "CommercialResearch");
        _expectProhibited("CommercialResearch");
    }

    function test_RevertWhen_ThePurposeLiesBelowAProhibitedOne() public {
        _agree("ResearchAndDevelopment", "CommercialPurpose");
        _expectProhibited("CommercialResearch");
    }

    function test_RevertWhen_ThePurposeContainsAProhibitedOne() public {
        _agree("ResearchAndDevelopment", "CommercialResearch");
        _expectProhibited("ResearchAndDevelopment");
    }

    function test_RevertWhen_TheStepIsAnother() public {
        give();
        step = Steps.TRAIN;
        _expectRevert(abi.encodeWithSelector(IConsentRegistry.StepNotAgreed.selector, step, agreement.steps));
    }

    function test_RevertWhen_TheUsesAreSpent() public {
        give();
        use = agreement.uses;
        _expectRevert(abi.encodeWithSelector(IConsentRegistry.UsesSpent.selector, use, agreement.uses));
    }

    // Record and model

    function test_RevertWhen_TheRecordIsUnknown() public {
        agreement.record = RecordId.wrap(keccak256("unknown"));
        _expectRecordNotCommitted();
    }

    function test_RevertWhen_TheRecordIsOfAnotherHolder() public {
        // The same root of the same subject; but this holder never committed to it.
        bytes32 typehash = keccak256("Record(bytes32 root,address subject,address holder)");
        agreement.record = RecordId.wrap(keccak256(abi.encode(typehash, ROOT, subject, stranger)));
        _expectRecordNotCommitted();
    }

    function test_RevertWhen_TheRecordIsOfAnotherSubject() public {
        agreement.record = commitAs(holder, keccak256("another root"), stranger);
        give();
        _expectRevert(abi.encodeWithSelector(IRecordRegistry.RecordSubjectMismatch.selector, subject, stranger));
    }

    function test_RevertWhen_TheRecordIsRetired() public {
        vm.prank(holder);
        assent.retire(ROOT, subject);
        _expectRecordNotCommitted();
    }

    function test_RevertWhen_TheModelIsUnknown() public {
        agreement.model = ModelId.wrap(keccak256("unknown"));
        _expectModelNotPublished();
    }

    function test_RevertWhen_TheModelIsDeprecated() public {
        vm.prank(publisher);
        assent.deprecate(model);
        _expectModelNotPublished();
    }

    // Fee, deadline, use

    function test_RevertWhen_TheFeeIsTooLow() public {
        give();
        value = FEE - 1;
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.FeeMismatch.selector, value, FEE));
        value = 0;
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.FeeMismatch.selector, value, FEE));
    }

    function test_RevertWhen_TheFeeIsTooHigh() public {
        give();
        value = FEE + 1;
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.FeeMismatch.selector, value, FEE));
    }

    function test_RevertWhen_TheDeadlineHasPassed() public {
        give();
        until = START - 1;
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.DeadlinePassed.selector, until, START));
    }

    function test_GivenTheUseWasTaken_RevertGiven_ItIsOpen() public {
        give();
        RequestId id = _request();
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RequestExists.selector, id));
        step = Steps.INFER;
        until += 1; // nor with other terms
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RequestExists.selector, id));
    }

    function test_GivenTheUseWasTaken_RevertGiven_ItWasRecorded() public {
        give();
        (, RequestId id) = askAndRecord(0, 0x7);
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RequestExists.selector, id));
    }

    function test_GivenTheUseWasTaken_RevertGiven_ItWasRefused() public {
        give();
        (Request memory request, RequestId id) = ask(0);
        withdraw();
        assent.refuse(request);
        assertState(id, RequestState.Refused);
        _expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementNotGiven.selector, agreementId));
    }

    function test_GivenTheUseWasTaken_RevertGiven_ItExpired() public {
        give();
        (Request memory request, RequestId id) = ask(0);
        skip(2 hours);
        assent.expire(request);
        until = deadline();
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RequestExists.selector, id));
    }

    // Success

    function test_WhenAllTermsAreAgreedTo() public {
        give();
        RequestId wanted = RequestId.wrap(keccak256(abi.encode(agreementId, uint32(0))));
        uint256 balance = address(assent).balance;
        vm.expectEmit(address(assent));
        emit IVerdictOracle.Requested(wanted, agreementId, use, purpose, step, until);
        assertTrue(_request() == wanted, "id");
        assertEq(address(assent).balance, balance + FEE, "escrow");
        assertEq(assent.creditOf(controller), 0, "credit");
        _assertOpen();
    }

    function test_WhenThePurposeIsNarrowerThanAgreed() public {
        agreement.purposes = 1 << purposeNamed("PublicBenefit");
        give();
        _request();
        _assertOpen();
    }

    function test_WhenTheDeadlineIsNow() public {
        give();
        until = START;
        _request();
        _assertOpen();
    }

    function test_WhenTheUsesAreTakenOutOfOrder() public {
        give();
        use = 9;
        _request();
        _assertOpen();
        use = 4;
        _request();
        _assertOpen();
    }

    function test_WhenTheModelIsFree() public {
        model.fee = 0;
        agreement.model = publishAs(model);
        give();
        value = 0;
        _request();
        _assertOpen();
    }

    function test_WhenTheControllerIsAContract() public {
        controller = address(hasher);
        vm.deal(controller, 1 ether);
        agreement.controller = controller;
        give();
        _request();
        _assertOpen();
    }

    function testFuzz_WhenTheTermsAreAny(uint8 quorum, uint96 fee, uint32 uses, uint256 seed) public {
        model.quorum = uint8(bound(quorum, 2, 4));
        model.fee = uint96(bound(fee, 0, 10 ether));
        model.files = keccak256(abi.encode(seed));
        agreement.model = publishAs(model);
        agreement.uses = uint32(bound(uses, 1, type(uint32).max));
        agreement.purposes = 1 << bound(seed, 0, 119);
        purpose = uint8(bound(seed, 0, 119));
        step = uint8(bound(seed >> 8, 0, 4));
        agreement.steps = uint8(1 << step);
        use = uint32(bound(seed >> 16, 0, agreement.uses - 1));
        until = uint40(bound(seed >> 48, START, type(uint40).max));
        value = model.fee;
        give();
        _request();
        _assertOpen();
    }

    function _request() private returns (RequestId id) {
        vm.prank(controller);
        return assent.request{ value: value }(agreement, purpose, step, use, until);
    }

    /// @dev `expire` and `record` accept the terms; here the reason for which they still refuse shows that they do.
    function _assertOpen() private {
        RequestId id = assent.requestId(agreementId, use);
        assertState(id, RequestState.Requested);
        Request memory request =
            Request(agreementId, use, controller, purpose, step, until, model.fee, model.quorum, model.outcomeCount);
        vm.expectPartialRevert(IVerdictOracle.DeadlineNotPassed.selector);
        assent.expire(request);
    }

    function _agree(string memory agreed, string memory prohibited) private {
        agreement.purposes = 1 << purposeNamed(agreed);
        agreement.prohibited = 1 << purposeNamed(prohibited);
        give();
    }

    function _expectProhibited(string memory name) private {
        purpose = purposeNamed(name);
        bytes4 reason = IConsentRegistry.PurposeProhibited.selector;
        _expectRevert(abi.encodeWithSelector(reason, purpose, agreement.prohibited));
    }

    function _expectNotAgreed() private {
        bytes4 reason = IConsentRegistry.PurposeNotAgreed.selector;
        _expectRevert(abi.encodeWithSelector(reason, purpose, agreement.purposes));
    }

    function _expectRecordNotCommitted() private {
        give();
        _expectRevert(abi.encodeWithSelector(IRecordRegistry.RecordNotCommitted.selector, agreement.record));
    }

    function _expectModelNotPublished() private {
        give();
        _expectRevert(abi.encodeWithSelector(IModelRegistry.ModelNotPublished.selector, agreement.model));
    }

    function _expectRevert(bytes memory reason) private {
        uint256 balance = address(assent).balance;
        vm.expectRevert(reason);
        _request();
        assertEq(address(assent).balance, balance, "balance");
    }
}
