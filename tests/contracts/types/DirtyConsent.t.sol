// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentRegistry } from "../../../contracts/interfaces/IConsentRegistry.sol";
import { AgreementState, Agreements } from "../../../contracts/types/Agreement.sol";
import { AgreementId, SourceId } from "../../../contracts/types/Ids.sol";
import { Question } from "../../../contracts/types/Question.sol";
import { DirtyTest } from "./DirtyTest.sol";

/// @notice What subjects call, and what asks about it.
/// forge-config: default.fuzz.runs = 32
contract DirtyConsentTest is DirtyTest {
    function testFuzz_RevertWhen_TheAgreementGivenIsDirty(uint256 dirt) public {
        narrowAgreement(0);
        expectRefused(subject, abi.encodeCall(assent.give, (agreement)), 0, dirt);
        _assertState(AgreementState.Given);
    }

    /// @dev Nothing reads the price when an agreement is given: it has a check of its own.
    function testFuzz_RevertWhen_ThePriceGivenIsDirty(uint256 dirt) public {
        narrow(13, 96);
        bytes memory dirty = spoilt(abi.encodeCall(assent.give, (agreement)), 0, dirt);
        vm.prank(subject);
        (bool success, bytes memory reason) = address(assent).call(dirty);
        assertFalse(success);
        assertEq(reason, abi.encodeWithSelector(IConsentRegistry.AgreementMalformed.selector, "price"));
    }

    /// @dev The subject itself signs the dirty agreement's hash.
    function testFuzz_RevertWhen_TheAgreementSignedIsDirty(uint256 dirt) public {
        narrowAgreement(0);
        bytes memory unsigned = abi.encodeCall(assent.give, (agreement));
        for (uint256 i = 0; i < fieldCount(); ++i) {
            AgreementId id = _idIn(spoilt(unsigned, i, dirt));
            bytes memory signature = sign(subjectKey, Agreements.hashGiving(id, START));
            bytes memory clean = abi.encodeCall(assent.giveBySig, (agreement, START, signature));
            assertFalse(call(relayer, spoilt(clean, i, dirt), 0), vm.toString(i));
            assertEq(uint8(assent.agreementStatus(id).state), uint8(AgreementState.None), "dirty");
        }
        _assertState(AgreementState.None);
    }

    /// @dev It may withdraw the other id that a dirty word hashes to, which nobody can give.
    function testFuzz_WhenTheAgreementWithdrawnIsDirty_ThenTheCleanOneStands(uint256 dirt) public {
        give();
        narrowAgreement(0);
        bytes memory clean = abi.encodeCall(assent.withdraw, (agreement));
        for (uint256 i = 0; i < fieldCount(); ++i) {
            call(subject, spoilt(clean, i, dirt), 0);
            _assertState(AgreementState.Given);
        }
        assertTrue(call(subject, clean, 0), "clean");
        _assertState(AgreementState.Withdrawn);
    }

    /// @dev As it was signed clean, the dirty one isn't what was signed.
    function testFuzz_RevertWhen_TheAgreementWithdrawnBySigIsDirty(uint256 dirt) public {
        give();
        narrowAgreement(0);
        bytes memory signature = sign(subjectKey, Agreements.hashWithdrawal(agreementId, START));
        expectRefused(relayer, abi.encodeCall(assent.withdrawBySig, (agreement, START, signature)), 0, dirt);
        _assertState(AgreementState.Withdrawn);
    }

    function testFuzz_RevertWhen_TheTermsCheckedAreDirty(uint256 dirt) public {
        give();
        SourceId source = hasher.sourceId(agreement.source);
        Question question = defaultQuestion(0);
        narrow(1, 160);
        narrowTerms(2);
        expectRefused(relayer, abi.encodeCall(assent.check, (source, controller, agreement.terms, question)), 0, dirt);
    }

    function testFuzz_RevertWhen_TheSubjectCommittedIsDirty(uint256 dirt) public {
        narrow(1, 160);
        expectRefusedAt(
            address(records), holder, abi.encodeCall(records.commit, (keccak256("new"), subject, "")), 0, dirt
        );
        narrow(1, 160);
        expectRefusedAt(address(records), holder, abi.encodeCall(records.retire, (keccak256("new"), subject)), 0, dirt);
    }

    /// @return The hash of the agreement as it stands in the calldata; that of the clean one if it can't even be hashed.
    function _idIn(bytes memory data) private view returns (AgreementId) {
        bytes memory words = slice(data, 4, data.length);
        (bool success, bytes memory id) =
            address(hasher).staticcall(abi.encodePacked(hasher.agreementId.selector, words));
        return success ? abi.decode(id, (AgreementId)) : agreementId;
    }

    function _assertState(AgreementState state) private view {
        assertEq(uint8(assent.agreementStatus(agreementId).state), uint8(state), "state");
    }
}
