// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentDesk } from "../../../contracts/interfaces/IConsentDesk.sol";
import { IConsentRegistry } from "../../../contracts/interfaces/IConsentRegistry.sol";
import { IModelRegistry } from "../../../contracts/interfaces/IModelRegistry.sol";
import { Agreement, AgreementState, AgreementStatus, Agreements } from "../../../contracts/types/Agreement.sol";
import { AgreementId, ModelId, RequestId, SourceId } from "../../../contracts/types/Ids.sol";
import { Mandates } from "../../../contracts/types/Mandate.sol";
import { Models } from "../../../contracts/types/Model.sol";
import { Question } from "../../../contracts/types/Question.sol";
import { Request, RequestState } from "../../../contracts/types/Verdict.sol";
import { Token } from "../treasury/Tokens.sol";
import { MandateTest } from "./MandateTest.sol";

/// @notice `agreement` is to all models of the publisher's; `adopted` is what comes of it for `model`.
contract AdoptTest is MandateTest {
    uint32 private constant USES = 30;
    uint40 private constant PAUSE = 1 hours;
    Agreement private adopted;
    uint40 private adoptedAt;

    function setUp() public override {
        super.setUp();
        agreement.terms.model = Models.by(publisher, 0);
        agreementId = hasher.agreementId(agreement);
        adopted = _expected(USES);
    }

    function test_RevertWhen_TheSenderIsNotTheController() public {
        give();
        vm.expectRevert(abi.encodeWithSelector(IConsentDesk.NotController.selector, subject, controller));
        vm.prank(subject);
        assent.adopt(agreement, model, USES);
    }

    function test_RevertGiven_TheAgreementWasNeverGiven() public {
        _expectRefused(abi.encodeWithSelector(IConsentRegistry.AgreementNotGiven.selector, agreementId));
    }

    function test_RevertGiven_TheAgreementWasWithdrawn() public {
        give();
        withdraw();
        _expectRefused(abi.encodeWithSelector(IConsentRegistry.AgreementNotGiven.selector, agreementId));
    }

    function test_RevertGiven_TheAgreementHasExpired() public {
        give();
        uint40 end = agreement.terms.validUntil;
        vm.warp(end);
        _expectRefused(abi.encodeWithSelector(IConsentRegistry.AgreementExpired.selector, end, end));
    }

    function test_RevertGiven_TheModelIsNotPublished() public {
        give();
        model.files = keccak256("others");
        _expectRefused(_notPublished(hasher.modelId(model)));
    }

    function test_RevertGiven_TheModelWasDeprecated() public {
        give();
        vm.prank(publisher);
        assent.deprecate(model);
        _expectRefused(_notPublished(modelId));
    }

    function test_RevertGiven_TheAgreementNamesOneModel() public {
        agreement.terms.model = modelId;
        give();
        _expectRefused(_notAgreed(modelId, modelId));
    }

    function test_RevertWhen_TheModelIsOfAnotherPublisher() public {
        give();
        model.publisher = makeAddr("another publisher");
        _expectRefused(_notAgreed(publishAs(model), agreement.terms.model));
    }

    /// @dev The price is an amount of the model's currency: of a worthless one it would be nothing.
    function test_RevertWhen_TheModelHasAnotherCurrency() public {
        give();
        model.currency = address(new Token());
        _expectRefused(_notAgreed(publishAs(model), agreement.terms.model));
        agreement.terms.model = Models.by(publisher, 1);
        give();
        vm.prank(controller);
        assent.adopt(agreement, model, 1);
    }

    function test_RevertWhen_NoUseIsAllotted() public {
        give();
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementMalformed.selector, "uses"));
        vm.prank(controller);
        assent.adopt(agreement, model, 0);
    }

    function test_RevertWhen_MoreUsesAreAllottedThanAreLeft() public {
        give();
        _expectTooLarge(101, 100);
        _expectTooLarge(type(uint32).max, 100);
        _adopt();
        skip(PAUSE);
        _publishNext(1);
        _expectTooLarge(71, 70);
        vm.prank(controller);
        assent.adopt(agreement, model, 70);
        skip(PAUSE);
        _publishNext(2);
        _expectTooLarge(1, 0);
    }

    /// @dev Also with other uses, after a renewal, and when what was adopted is over.
    function test_RevertGiven_TheModelWasAdoptedBefore() public {
        give();
        _adopt();
        skip(PAUSE);
        _expectRefused(_exists(adopted), USES);
        _expectRefused(_exists(adopted), 1);
        vm.startPrank(subject);
        assent.withdraw(adopted);
        assent.renew(agreement, agreement.terms.validUntil + 10 days);
        vm.stopPrank();
        _expectRefused(_exists(adopted), 1);
        _expectRefused(_exists(adopted), USES);
    }

    /// @dev A subject that doesn't want one of the models says so before it is adopted, with however many uses, and also once it was renewed.
    function test_RevertGiven_TheSubjectRefusedTheModel() public {
        give();
        Agreement memory whole = _expected(agreement.terms.uses);
        vm.startPrank(subject);
        assent.withdraw(whole);
        vm.stopPrank();
        _expectRefused(_exists(whole), USES);
        _expectRefused(_exists(whole), 100);
        vm.prank(subject);
        assent.renew(agreement, agreement.terms.validUntil + 10 days);
        _expectRefused(_exists(whole), USES);
    }

    function test_RevertGiven_TheSubjectRefusedWhatWouldComeOfIt() public {
        give();
        vm.prank(subject);
        assent.withdraw(adopted);
        _expectRefused(_exists(adopted), USES);
    }

    function test_RevertGiven_OneWasAdoptedWithinTheHour() public {
        give();
        _adopt();
        _publishNext(1);
        skip(PAUSE - 1);
        uint256 next = adoptedAt + PAUSE;
        _expectRefused(abi.encodeWithSelector(IConsentDesk.AdoptedLately.selector, next, next - 1), 1);
        skip(1);
        vm.prank(controller);
        assent.adopt(agreement, model, 1);
    }

    function test_RevertGiven_SixteenWereAdopted() public {
        _adoptSixteen();
        _publishNext(17);
        _expectRefused(abi.encodeWithSelector(IConsentDesk.TooManyAdopted.selector, agreementId, 16), 17);
    }

    function test_GivenThePublisherWasAgreedTo() public {
        give();
        skip(1 hours);
        expectGiven(adopted);
        AgreementId id = hasher.agreementId(adopted);
        vm.expectEmit(address(assent));
        emit IConsentDesk.AgreementAdopted(id, agreementId);
        assertTrue(_adopt() == id, "id");
        assertGiven(adopted);
        assertEq(statusOf(agreement).allotted, USES, "allotted");
        AgreementId[] memory under = assent.adoptedUnder(agreementId);
        assertEq(under.length, 1, "adopted");
        assertTrue(under[0] == id, "under");
        _become(adopted);
        (, RequestId request) = askAndRecord(0, 7);
        assertState(request, RequestState.Recorded);
    }

    function test_GivenTheAgreementWasRenewed() public {
        give();
        uint40 later = agreement.terms.validUntil + 10 days;
        vm.prank(subject);
        assent.renew(agreement, later);
        vm.warp(later - 1);
        adopted.terms.validUntil = later;
        expectGiven(adopted);
        _adopt();
        assertGiven(adopted);
    }

    function test_GivenTheAgreementIsSettled() public {
        agreement.terms.price = 5;
        give();
        adopted = _expected(USES);
        _adopt();
        _become(adopted);
        askAndRecord(0, 7);
        assent.settle(adopted, model);
        assertEq(assent.balanceOf(subject, address(0)), 5, "earned");
    }

    /// @dev To agree to a currency that isn't listed would be to agree to whatever becomes the next.
    function test_RevertGiven_TheCurrencyIsNotListed() public {
        agreement.terms.model = Models.by(publisher, 1);
        vm.expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementMalformed.selector, "model"));
        vm.prank(subject);
        assent.give(agreement);
        model.currency = address(new Token());
        publishAs(model);
        give();
    }

    function test_RevertWhen_AskedUnderTheAgreementToAPublisher() public {
        give();
        _adopt();
        Question question = defaultQuestion(0);
        SourceId source = hasher.sourceId(agreement.source);
        vm.expectRevert(_notPublished(agreement.terms.model));
        vm.prank(controller);
        assent.request{ value: FEE }(source, agreement.terms, question);
    }

    function test_GivenItWasAdopted_WhenTheAgreementIsWithdrawn() public {
        give();
        _adopt();
        Agreement memory under = agreement;
        _become(adopted);
        (Request memory request, RequestId open) = ask(0);
        _become(under);
        skip(1 hours);
        expectWithdrawn(agreement);
        expectWithdrawn(adopted);
        withdraw();
        assertStatus(agreement, AgreementState.Withdrawn, agreement.terms.validUntil, USES, adoptedAt);
        assertStatus(adopted, AgreementState.Withdrawn, adopted.terms.validUntil);
        assent.refuse(request);
        assertState(open, RequestState.Refused);
    }

    /// @dev What is adopted may be in the list too, before the one that it is under or after it.
    function test_GivenItWasAdopted_WhenTheAgreementIsWithdrawnBySignature_WithOthers() public {
        give();
        _adopt();
        Agreement[] memory all = new Agreement[](2);
        for (uint256 first = 0; first < 2; ++first) {
            uint256 snapshot = vm.snapshotState();
            (all[first], all[1 - first]) = (agreement, adopted);
            bytes32[] memory ids = new bytes32[](2);
            for (uint256 i = 0; i < 2; ++i) {
                ids[i] = AgreementId.unwrap(hasher.agreementId(all[i]));
            }
            uint256 until = vm.getBlockTimestamp();
            bytes memory signature = sign(subjectKey, Agreements.hashWithdrawalOfMany(ids, until));
            assent.withdrawManyBySig(all, until, signature);
            assertStatus(agreement, AgreementState.Withdrawn, agreement.terms.validUntil, USES, adoptedAt);
            assertStatus(adopted, AgreementState.Withdrawn, adopted.terms.validUntil);
            assertTrue(vm.revertToState(snapshot));
        }
    }

    function test_GivenItWasAdopted_WhenTheAgreementIsRevoked() public {
        give();
        _adopt();
        appointNow(Mandates.REVOKE);
        vm.expectEmit(address(assent));
        emit IConsentDesk.AgreementRevoked(agreementId, guardian);
        vm.expectEmit(address(assent));
        emit IConsentDesk.AgreementRevoked(hasher.agreementId(adopted), guardian);
        vm.prank(guardian);
        assent.revoke(agreement);
        assertStatus(agreement, AgreementState.Revoked, agreement.terms.validUntil, USES, adoptedAt);
        assertStatus(adopted, AgreementState.Revoked, adopted.terms.validUntil);
    }

    function test_GivenItWasAdopted_WhenTheAgreementIsInvalidated() public {
        give();
        _adopt();
        vm.expectEmit(address(assent));
        emit IConsentDesk.AgreementInvalidated(agreementId, holder);
        vm.expectEmit(address(assent));
        emit IConsentDesk.AgreementInvalidated(hasher.agreementId(adopted), holder);
        vm.prank(holder);
        assent.invalidate(agreement);
        assertStatus(adopted, AgreementState.Invalidated, adopted.terms.validUntil);
    }

    function test_GivenItWasAdopted_WhenTheAgreementIsRenewed() public {
        give();
        _adopt();
        skip(PAUSE);
        _publishNext(1);
        vm.prank(controller);
        AgreementId longer = assent.adopt(agreement, model, 1);
        Agreement memory one = _expected(1);
        uint40 later = agreement.terms.validUntil + 10 days;
        vm.startPrank(subject);
        assent.renew(one, later + 1);
        vm.expectEmit(address(assent));
        emit IConsentDesk.AgreementRenewed(hasher.agreementId(adopted), subject, later);
        assent.renew(agreement, later);
        vm.stopPrank();
        assertEq(statusOf(adopted).validUntil, later, "renewed");
        assertEq(assent.agreementStatus(longer).validUntil, later + 1, "ends later");
    }

    function test_GivenItWasAdopted_WhenItIsWithdrawnAlone() public {
        give();
        _adopt();
        expectWithdrawn(adopted);
        vm.prank(subject);
        assent.withdraw(adopted);
        AgreementStatus memory status = statusOf(agreement);
        assertEq(uint8(status.state), uint8(AgreementState.Given), "state");
        assertEq(status.allotted, USES, "its uses are gone");
        uint40 later = agreement.terms.validUntil + 10 days;
        vm.startPrank(subject);
        assent.renew(agreement, later);
        assertEq(statusOf(adopted).validUntil, adopted.terms.validUntil, "over is over");
        assent.withdraw(agreement);
        vm.stopPrank();
    }

    function test_GivenOneOfSixteenWasWithdrawn() public {
        _adoptSixteen();
        Agreement memory third = _ofSixteen(3);
        vm.prank(subject);
        assent.withdraw(third);
        skip(1 hours);
        withdraw();
        for (uint32 uses = 1; uses <= 16; ++uses) {
            AgreementStatus memory status = statusOf(_ofSixteen(uses));
            assertEq(uint8(status.state), uint8(AgreementState.Withdrawn), "state");
            assertEq(status.since, vm.getBlockTimestamp() - (uses == 3 ? 1 hours : 0), "since");
        }
    }

    /// @dev What is adopted of `agreement`, as that reads now.
    function _expected(uint32 uses) private view returns (Agreement memory made) {
        made = abi.decode(abi.encode(agreement), (Agreement));
        (made.terms.model, made.terms.uses) = (modelId, uses);
    }

    /// @dev From here on the helpers ask under this one.
    function _become(Agreement memory other) private {
        agreement = other;
        agreementId = hasher.agreementId(other);
    }

    function _adopt() private returns (AgreementId) {
        adoptedAt = uint40(vm.getBlockTimestamp());
        vm.prank(controller);
        return assent.adopt(agreement, model, USES);
    }

    function _adoptSixteen() private {
        agreement.terms.uses = 1000;
        give();
        for (uint32 uses = 1; uses <= 16; ++uses) {
            _publishNext(uses);
            vm.prank(controller);
            assent.adopt(agreement, model, uses);
            skip(PAUSE);
        }
    }

    /// @dev From here on `model` is another of the publisher's.
    function _publishNext(uint256 which) private {
        model.files = keccak256(abi.encode("files", which));
        modelId = publishAs(model);
    }

    /// @dev What `_adoptSixteen` made of the model that has so many uses.
    function _ofSixteen(uint32 uses) private returns (Agreement memory) {
        model.files = keccak256(abi.encode("files", uint256(uses)));
        modelId = hasher.modelId(model);
        return _expected(uses);
    }

    function _expectRefused(bytes memory reason) private {
        _expectRefused(reason, USES);
    }

    function _expectRefused(bytes memory reason, uint32 uses) private {
        AgreementStatus memory before = statusOf(agreement);
        vm.expectRevert(reason);
        vm.prank(controller);
        assent.adopt(agreement, model, uses);
        assertEq(abi.encode(statusOf(agreement)), abi.encode(before), "nothing allotted");
    }

    function _expectTooLarge(uint32 uses, uint32 left) private {
        vm.expectRevert(abi.encodeWithSelector(IConsentDesk.AllotmentTooLarge.selector, uses, left));
        vm.prank(controller);
        assent.adopt(agreement, model, uses);
    }

    function _exists(Agreement memory known) private view returns (bytes memory) {
        return abi.encodeWithSelector(IConsentRegistry.AgreementExists.selector, hasher.agreementId(known));
    }

    function _notPublished(ModelId id) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IModelRegistry.ModelNotPublished.selector, id);
    }

    function _notAgreed(ModelId id, ModelId agreed) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IConsentDesk.ModelNotAgreed.selector, id, agreed);
    }
}
