// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IErasures } from "../../../contracts/interfaces/IErasures.sol";
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
        bytes memory signature = _sign(key, Agreements.hashErasure(agreementId, attester, EVIDENCE, deadline()));
        vm.expectEmit(address(records));
        emit IErasures.Erased(agreementId, attester, EVIDENCE);
        vm.prank(relayer);
        records.attestErasureBySig(agreementId, attester, EVIDENCE, deadline(), signature);
    }

    function test_RevertWhen_AnotherSigned() public {
        give();
        withdraw();
        bytes memory signature = _sign(strangerKey, Agreements.hashErasure(agreementId, holder, EVIDENCE, deadline()));
        vm.expectRevert(abi.encodeWithSelector(Signatures.SignatureInvalid.selector, holder));
        records.attestErasureBySig(agreementId, holder, EVIDENCE, deadline(), signature);
    }

    function test_RevertWhen_ItIsSigned_GivenItIsGiven() public {
        give();
        bytes memory signature = _sign(strangerKey, Agreements.hashErasure(agreementId, stranger, EVIDENCE, deadline()));
        vm.expectRevert(abi.encodeWithSelector(IErasures.AgreementInForce.selector, agreementId));
        records.attestErasureBySig(agreementId, stranger, EVIDENCE, deadline(), signature);
    }

    function test_RevertWhen_ItWasSignedForTheCore() public {
        give();
        withdraw();
        bytes memory signature = sign(strangerKey, Agreements.hashErasure(agreementId, stranger, EVIDENCE, deadline()));
        vm.expectRevert(abi.encodeWithSelector(Signatures.SignatureInvalid.selector, stranger));
        records.attestErasureBySig(agreementId, stranger, EVIDENCE, deadline(), signature);
    }

    function _sign(uint256 key, bytes32 structHash) private view returns (bytes memory) {
        return signFor(domainSeparator(block.chainid, address(records)), key, structHash);
    }

    function _assertAttests(address by) private {
        vm.expectEmit(address(records));
        emit IErasures.Erased(agreementId, by, EVIDENCE);
        vm.prank(by);
        records.attestErasure(agreementId, EVIDENCE);
    }

    function _expectInForce() private {
        vm.expectRevert(abi.encodeWithSelector(IErasures.AgreementInForce.selector, agreementId));
        vm.prank(holder);
        records.attestErasure(agreementId, EVIDENCE);
    }
}
