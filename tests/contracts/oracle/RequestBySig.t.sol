// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentRegistry } from "../../../contracts/interfaces/IConsentRegistry.sol";
import { IModelRegistry } from "../../../contracts/interfaces/IModelRegistry.sol";
import { ITreasury } from "../../../contracts/interfaces/ITreasury.sol";
import { IVerdictOracle } from "../../../contracts/interfaces/IVerdictOracle.sol";
import { Signatures } from "../../../contracts/libraries/Signatures.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { Asked, Delivery, Disclosure, Question, Questions } from "../../../contracts/types/Question.sol";
import { Scoped, Scopes, Steps } from "../../../contracts/types/Scope.sol";
import { Request, RequestState } from "../../../contracts/types/Verdict.sol";
import { Answer as Manner, Wallet } from "../base/Wallets.sol";
import { Token } from "../treasury/Tokens.sol";
import { OracleTest } from "./OracleTest.sol";

contract RequestBySigTest is OracleTest {
    uint96 private constant TIP = 0.0002 ether;

    Asked private parts;
    uint96 private tip = TIP;
    uint256 private controllerKey;

    function setUp() public override {
        super.setUp();
        (, controllerKey) = makeAddrAndKey("controller");
        parts = asked(0);
        (parts.callback, parts.delivery) = (60, Delivery.Anchored);
    }

    // The agreement

    function test_RevertGiven_TheAgreementWasNeverGiven() public {
        _expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementNotGiven.selector, agreementId), _sign());
    }

    function test_RevertWhen_TheControllerNamedIsAnother() public {
        give();
        fund(stranger, 1 ether);
        agreement.controller = stranger;
        agreementId = hasher.agreementId(agreement);
        bytes memory signature = sign(strangerKey, _asking());
        _expectRevert(abi.encodeWithSelector(IConsentRegistry.AgreementNotGiven.selector, agreementId), signature);
    }

    function test_RevertWhen_TheAgreementDoesNotAuthoriseTheQuestion() public {
        _giveAndFund();
        parts.step = Steps.TRAIN;
        bytes memory reason =
            abi.encodeWithSelector(IConsentRegistry.StepNotAgreed.selector, Steps.TRAIN, agreement.terms.scope.steps());
        _expectRevert(reason, _sign());
        parts = asked(agreement.terms.uses);
        reason = abi.encodeWithSelector(IConsentRegistry.UsesSpent.selector, parts.use, parts.use);
        _expectRevert(reason, _sign());
        parts = asked(0);
        parts.purpose = purposeNamed("Marketing");
        bytes4 selector = IConsentRegistry.PurposeNotAgreed.selector;
        _expectRevert(abi.encodeWithSelector(selector, parts.purpose, agreement.terms.purposes), _sign());
    }

    function test_RevertWhen_TheModelIsDeprecated() public {
        _giveAndFund();
        vm.prank(publisher);
        assent.deprecate(model);
        _expectRevert(abi.encodeWithSelector(IModelRegistry.ModelNotPublished.selector, modelId), _sign());
    }

    // The signature

    function test_RevertWhen_AStrangerSigned() public {
        _giveAndFund();
        _expectInvalid(sign(strangerKey, _asking()));
        _expectInvalid(sign(subjectKey, _asking()));
    }

    function test_RevertWhen_AnotherPartWasSigned() public {
        _giveAndFund();
        bytes memory signature = _sign();
        Asked memory signed = parts;
        parts.use = 1;
        _expectInvalid(signature);
        parts = signed;
        parts.deadline += 1;
        _expectInvalid(signature);
        parts = signed;
        parts.callback += 1;
        _expectInvalid(signature);
        parts = signed;
        parts.delivery = Delivery.Recorded;
        _expectInvalid(signature);
        for (uint256 i = 0; i < 3; ++i) {
            parts = signed;
            parts.disclosure = Disclosure(i);
            _expectInvalid(signature);
        }
    }

    /// @dev Who signed for a sealed verdict has none in clear, whatever the agreement would allow.
    function test_RevertWhen_AnotherPartWasSigned_MoreInClear() public {
        _giveAndFund();
        parts.disclosure = Disclosure.Sealed;
        bytes memory signature = _sign();
        for (uint256 i = 1; i < 4; ++i) {
            parts.disclosure = Disclosure(i);
            _expectInvalid(signature);
        }
        parts.disclosure = Disclosure.Sealed;
        vm.prank(relayer);
        RequestId id = assent.requestBySig(
            sourceNow(), agreement.controller, agreement.terms, Questions.pack(parts), tip, signature
        );
        assertState(id, RequestState.Requested);
    }

    function test_RevertWhen_MoreIsAskedForInClearThanTheAgreementAllows() public {
        agreement.terms.scope = Scopes.pack(Scoped(uint8(1 << Steps.INFER), 0, 0, 0, false, Disclosure.Outcome));
        _giveAndFund();
        bytes4 reason = IConsentRegistry.DisclosureNotAgreed.selector;
        _expectRevert(abi.encodeWithSelector(reason, Disclosure.Everything, Disclosure.Outcome), _sign());
        parts.disclosure = Disclosure.OutcomeAndScore;
        _expectRevert(abi.encodeWithSelector(reason, Disclosure.OutcomeAndScore, Disclosure.Outcome), _sign());
    }

    /// @dev Purposes and steps that the agreement allows too, but the controller didn't sign for.
    function test_RevertWhen_AnotherPartWasSigned_PurposeOrStep() public {
        agreement.terms.purposes = 1 << purposeNamed("ResearchAndDevelopment");
        agreement.terms.scope = Scopes.ofSteps(Steps.ALL);
        _giveAndFund();
        parts.purpose = purposeNamed("ResearchAndDevelopment");
        bytes memory signature = _sign();
        parts.purpose = purposeNamed("CommercialResearch");
        _expectInvalid(signature);
        parts.purpose = purposeNamed("ResearchAndDevelopment");
        parts.step = Steps.TRAIN;
        _expectInvalid(signature);
    }

    function test_RevertWhen_AnotherTipWasSigned() public {
        _giveAndFund();
        bytes memory signature = _sign();
        tip += 1;
        _expectInvalid(signature);
        tip = 0;
        _expectInvalid(signature);
    }

    function test_RevertWhen_ItWasSignedForAnotherAgreement() public {
        _giveAndFund();
        bytes memory signature = _sign();
        agreement.source.salt = keccak256("another salt");
        give();
        _expectInvalid(signature);
    }

    function test_RevertWhen_ItWasSignedForAnotherChain() public {
        _giveAndFund();
        _expectInvalid(signFor(domainSeparator(block.chainid + 1, address(assent)), controllerKey, _asking()));
    }

    function test_RevertWhen_ItWasSignedForAnotherContract() public {
        _giveAndFund();
        _expectInvalid(signFor(domainSeparator(block.chainid, address(deploy(4))), controllerKey, _asking()));
    }

    function test_RevertGiven_TheChainHasSplitOffSince() public {
        _giveAndFund();
        bytes memory signature = _sign();
        vm.chainId(block.chainid + 1);
        _expectInvalid(signature);
    }

    function test_RevertWhen_TheSignatureIsMalleated() public {
        _giveAndFund();
        _expectInvalid(malleate(_sign()));
        _expectInvalid(malleateCompact(_sign()));
        _expectInvalid(flipV(_sign()));
    }

    function test_RevertWhen_TheSignatureIsOfAnotherLength() public {
        _giveAndFund();
        _expectInvalid("");
        _expectInvalid(slice(_sign(), 0, 63));
        _expectInvalid(bytes.concat(expand(_sign()), hex"00"));
        _expectInvalid(new bytes(64));
        _expectInvalid(new bytes(65));
    }

    function test_RevertWhen_TheQuestionsDeadlineHasPassed() public {
        _giveAndFund();
        bytes memory signature = _sign();
        vm.warp(parts.deadline + 1);
        bytes4 reason = Signatures.SignatureDeadlinePassed.selector;
        _expectRevert(abi.encodeWithSelector(reason, parts.deadline, parts.deadline + 1), signature);
    }

    function test_RevertWhen_TheQuestionsDeadlineIsNow() public {
        _giveAndFund();
        bytes memory signature = _sign();
        vm.warp(parts.deadline);
        bytes4 reason = IVerdictOracle.DeadlineTooNear.selector;
        _expectRevert(abi.encodeWithSelector(reason, parts.deadline, parts.deadline + 60), signature);
    }

    /// @dev The digest covers the parts; what lies beyond them a relayer could set at will.
    function testFuzz_RevertWhen_ABitIsSetBeyondThePartsThatWereSigned(uint256 bit) public {
        _giveAndFund();
        bytes memory signature = _sign();
        bit = bound(bit, Questions.BITS, 255);
        Question question = Question.wrap(Question.unwrap(Questions.pack(parts)) | 1 << bit);
        vm.expectRevert(abi.encodeWithSelector(IVerdictOracle.QuestionMalformed.selector, question));
        vm.prank(relayer);
        assent.requestBySig(sourceNow(), agreement.controller, agreement.terms, question, tip, signature);
    }

    // Replay

    function test_RevertGiven_TheSignatureWasUsed() public {
        _giveAndFund();
        bytes memory signature = _sign();
        RequestId id = _send(relayer, signature);
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RequestExists.selector, id), signature);
    }

    function test_RevertGiven_TheUseWasTakenWithoutIt() public {
        _giveAndFund();
        (, RequestId id) = ask(0);
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RequestExists.selector, id), _sign());
    }

    function test_RevertGiven_TheUseWasCancelled() public {
        _giveAndFund();
        cancel(0);
        RequestId id = assent.requestId(agreementId, 0);
        _expectRevert(abi.encodeWithSelector(IVerdictOracle.RequestExists.selector, id), _sign());
    }

    // Payment

    function test_GivenTheBalanceIsTooLow_RevertWhen_ForTheTotal() public {
        agreement.terms.price = 7;
        give();
        tip = 0;
        bytes4 reason = ITreasury.BalanceTooLow.selector;
        _expectRevert(abi.encodeWithSelector(reason, controller, 0, FEE + 7), _sign());
        fund(controller, FEE + 6);
        _expectRevert(abi.encodeWithSelector(reason, controller, FEE + 6, FEE + 7), _sign());
    }

    function test_GivenTheBalanceIsTooLow_RevertWhen_ForTheTotalAndTheTip() public {
        give();
        fund(controller, FEE + TIP - 1);
        bytes4 reason = ITreasury.BalanceTooLow.selector;
        _expectRevert(abi.encodeWithSelector(reason, controller, FEE + TIP - 1, FEE + TIP), _sign());
    }

    function test_RevertWhen_EtherComesAlong() public {
        _giveAndFund();
        bytes memory data = abi.encodeCall(
            assent.requestBySig, (sourceNow(), controller, agreement.terms, Questions.pack(parts), tip, _sign())
        );
        vm.deal(relayer, FEE);
        vm.prank(relayer);
        (bool success,) = address(assent).call{ value: FEE }(data);
        assertFalse(success, "with ether");
        vm.prank(relayer);
        (success,) = address(assent).call(data);
        assertTrue(success, "without");
    }

    // Success

    function test_WhenTheControllerSigned() public {
        agreement.terms.price = 7;
        give();
        fund(controller, FEE + 7 + TIP + 3);
        uint256 held = address(assent).balance;
        bytes28 tag = bytes28(keccak256("Use(bytes32 agreement,uint32 use)"));
        RequestId wanted = RequestId.wrap(keccak256(abi.encodePacked(agreementId, tag, uint32(0))));
        bytes memory signature = sign(controllerKey, _asking());
        vm.expectEmit(address(assent));
        emit IVerdictOracle.Requested(wanted, agreementId, Questions.pack(parts));
        assertTrue(_send(relayer, signature) == wanted, "id");

        assertEq(balanceOf(controller), 3, "controller's balance");
        assertEq(balanceOf(relayer), TIP, "relayer's balance");
        assertEq(address(assent).balance, held, "ether held");
        _assertOpen();
    }

    function test_WhenTheSignatureHas65Bytes() public {
        _giveAndFund();
        _send(relayer, expand(_sign()));
        _assertOpen();
    }

    function test_WhenThereIsNoTip() public {
        give();
        fund(controller, FEE);
        tip = 0;
        _send(relayer, _sign());
        assertEq(balanceOf(controller), 0, "controller's balance");
        assertEq(balanceOf(relayer), 0, "relayer's balance");
        _assertOpen();
    }

    function test_WhenTheVerdictIsPaidInAToken() public {
        useToken(address(new Token()));
        fund(controller, FEE + TIP);
        _send(relayer, _sign());
        assertEq(balanceOf(controller), 0, "controller's balance");
        assertEq(balanceOf(relayer), TIP, "relayer's balance");
        assertEq(assent.balanceOf(relayer, address(0)), 0, "relayer's ether");
        _assertOpen();
    }

    function test_WhenTheControllerSendsIt() public {
        give();
        fund(controller, FEE + TIP);
        _send(controller, _sign());
        assertEq(balanceOf(controller), TIP, "balance");
        _assertOpen();
    }

    function test_WhenTheControllerIsAContract_WhenItsOwnerSigned() public {
        _giveAsWallet();
        _send(relayer, expand(_sign()));
        assertEq(balanceOf(relayer), TIP, "relayer's balance");
        _assertOpen();
    }

    function test_WhenTheControllerIsAContract_RevertWhen_AStrangerSigned() public {
        _giveAsWallet();
        _expectInvalid(sign(strangerKey, _asking()));
        _expectInvalid("");
    }

    function test_WhenTheControllerIsAContract_RevertWhen_ItAnswersBadly() public {
        Wallet wallet = _giveAsWallet();
        for (uint8 manner = uint8(Manner.Refusal); manner <= uint8(Manner.Flood); ++manner) {
            wallet.set(Manner(manner));
            _expectInvalid(expand(_sign()));
        }
    }

    /// @dev EIP-7702: the account has code, and still its key signs for it.
    function test_WhenTheControllersAccountHasDelegatedCode() public {
        _giveAndFund();
        vm.etch(controller, abi.encodePacked(hex"ef0100", address(hasher)));
        _send(relayer, _sign());
        _assertOpen();
    }

    function testFuzz_WhenTheTermsAreAny(uint96 fee, uint96 price, uint96 tip_, uint128 balance, uint256 seed) public {
        (model.fee, agreement.terms.price, tip) = (fee, price, tip_);
        parts.use = uint32(bound(seed, 0, 99));
        parts.deadline = uint40(bound(seed >> 8, START + 60, latestDeadline()));
        parts.callback = uint16(bound(uint16(seed >> 48), 0, Questions.MAX_CALLBACK));
        giveFor(abi.encode(seed));
        fund(controller, balance);
        uint256 wanted = uint256(fee) + price + tip;
        bytes memory signature = _sign();
        if (balance < wanted) {
            bytes4 reason = ITreasury.BalanceTooLow.selector;
            return _expectRevert(abi.encodeWithSelector(reason, controller, balance, wanted), signature);
        }
        _send(relayer, signature);
        assertEq(balanceOf(controller), balance - wanted, "controller's balance");
        assertEq(balanceOf(relayer), tip, "relayer's balance");
        _assertOpen();
    }

    /// @dev The struct hash as EIP-712 defines it, spelt out.
    function _asking() private view returns (bytes32) {
        bytes32 typehash = keccak256(
            "Asking(bytes32 agreement,uint32 use,uint40 deadline,uint8 purpose,uint8 step,uint16 callback,uint8 delivery,uint8 disclosure,uint32 modifiers,uint16 place,uint96 tip)"
        );
        return keccak256(abi.encode(typehash, agreementId, parts, tip));
    }

    function _sign() private view returns (bytes memory) {
        return sign(controllerKey, _asking());
    }

    function _send(address sender, bytes memory signature) private returns (RequestId) {
        vm.prank(sender);
        // Capped: the check of a wallet's signature may take whatever there is.
        return assent.requestBySig{ gas: 3_000_000 }(
            sourceNow(), agreement.controller, agreement.terms, Questions.pack(parts), tip, signature
        );
    }

    function _giveAndFund() private {
        give();
        fund(controller, 1 ether);
    }

    /// @dev The controller is a wallet contract, which the same key owns.
    function _giveAsWallet() private returns (Wallet wallet) {
        wallet = new Wallet(controller);
        agreement.controller = address(wallet);
        give();
        fund(address(wallet), 1 ether);
    }

    function _assertOpen() private {
        assertState(assent.requestId(agreementId, parts.use), RequestState.Requested);
        bytes4 reason = IVerdictOracle.DeadlineNotPassed.selector;
        Request memory request = requestNow(Questions.pack(parts));
        vm.expectRevert(abi.encodeWithSelector(reason, request.question.lastSecond(), vm.getBlockTimestamp()));
        assent.expire(request);
    }

    function _expectInvalid(bytes memory signature) private {
        _expectRevert(abi.encodeWithSelector(Signatures.SignatureInvalid.selector, agreement.controller), signature);
    }

    function _expectRevert(bytes memory reason, bytes memory signature) private {
        (uint256 balance, uint256 tips) = (balanceOf(agreement.controller), balanceOf(relayer));
        vm.expectRevert(reason);
        _send(relayer, signature);
        assertEq(balanceOf(agreement.controller), balance, "controller's balance");
        assertEq(balanceOf(relayer), tips, "relayer's balance");
    }
}
