// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentDesk } from "../../../contracts/interfaces/IConsentDesk.sol";
import { Signatures } from "../../../contracts/libraries/Signatures.sol";
import { Agreements } from "../../../contracts/types/Agreement.sol";
import { ConsentTest } from "./ConsentTest.sol";

contract AttestErasureTest is ConsentTest {
    bytes32 private constant EVIDENCE = keccak256("statement");

    function test_RevertGiven_ItIsGiven() public {
        give();
        _expectInForce();
    }

    /// @dev It may yet be given.
    function test_RevertGiven_ItWasNeverGiven() public {
        _expectInForce();
    }

    function test_GivenItWasWithdrawn() public {
        give();
        withdraw();
        _assertAttests(holder);
        _assertAttests(operatorAt(0));
    }

    function test_GivenItHasExpired() public {
        give();
        vm.warp(agreement.terms.validUntil - 1);
        _expectInForce();
        skip(1);
        _assertAttests(holder);
    }

    function test_GivenItHasExpired_GivenItIsRenewed() public {
        give();
        vm.warp(agreement.terms.validUntil);
        vm.prank(subject);
        assent.renew(agreement, agreement.terms.validUntil + 1);
        _expectInForce();
    }

    function test_GivenItWasInvalidated() public {
        give();
        vm.prank(holder);
        assent.invalidate(agreement);
        _assertAttests(holder);
    }

    function test_WhenItIsSigned() public {
        give();
        withdraw();
        (address attester, uint256 key) = attesterAt(0);
        bytes memory signature = sign(key, Agreements.hashErasure(agreementId, attester, EVIDENCE, deadline()));
        vm.expectEmit(address(assent));
        emit IConsentDesk.Erased(agreementId, attester, EVIDENCE);
        vm.prank(relayer);
        assent.attestErasureBySig(agreementId, attester, EVIDENCE, deadline(), signature);
    }

    function test_RevertWhen_AnotherSigned() public {
        give();
        withdraw();
        bytes memory signature = sign(strangerKey, Agreements.hashErasure(agreementId, holder, EVIDENCE, deadline()));
        vm.expectRevert(abi.encodeWithSelector(Signatures.SignatureInvalid.selector, holder));
        assent.attestErasureBySig(agreementId, holder, EVIDENCE, deadline(), signature);
    }

    function test_RevertWhen_ItIsSigned_GivenItIsGiven() public {
        give();
        bytes memory signature = sign(strangerKey, Agreements.hashErasure(agreementId, stranger, EVIDENCE, deadline()));
        vm.expectRevert(abi.encodeWithSelector(IConsentDesk.AgreementInForce.selector, agreementId));
        assent.attestErasureBySig(agreementId, stranger, EVIDENCE, deadline(), signature);
    }

    function _assertAttests(address by) private {
        vm.expectEmit(address(assent));
        emit IConsentDesk.Erased(agreementId, by, EVIDENCE);
        vm.prank(by);
        assent.attestErasure(agreementId, EVIDENCE);
    }

    function _expectInForce() private {
        vm.expectRevert(abi.encodeWithSelector(IConsentDesk.AgreementInForce.selector, agreementId));
        vm.prank(holder);
        assent.attestErasure(agreementId, EVIDENCE);
    }
}
