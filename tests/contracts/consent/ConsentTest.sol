// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IConsentRegistry } from "../../../contracts/interfaces/IConsentRegistry.sol";
import { Agreement, AgreementState, AgreementStatus, Terms } from "../../../contracts/types/Agreement.sol";
import { AgreementId } from "../../../contracts/types/Ids.sol";
import { Limits } from "../../../contracts/types/Scope.sol";
import { AssentTest } from "../base/AssentTest.sol";
import { Answer, Wallet } from "../base/Wallets.sol";

/// @notice What the tests of consent share: what is to be seen of an agreement given or withdrawn, and wallets as subjects.
abstract contract ConsentTest is AssentTest {
    /// @dev The next call emits that the agreement was given, all of it.
    function expectGiven(Agreement memory given) internal {
        AgreementId id = hasher.agreementId(given);
        vm.expectEmit(address(assent));
        emit IConsentRegistry.AgreementGiven(
            id,
            given.source.subject,
            given.controller,
            given.source.holder,
            given.source.root,
            given.source.notice,
            given.source.salt,
            given.terms.model,
            given.terms.purposes,
            given.terms.prohibited,
            given.terms.scope,
            _limits(given.terms)
        );
    }

    /// @dev Joined bytes, the highest first.
    function _limits(Terms memory terms) private pure returns (Limits) {
        bytes memory joined = abi.encodePacked(terms.price, terms.uses, terms.validUntil, terms.validFrom);
        return Limits.wrap(uint256(bytes32(joined)) >> 48);
    }

    function expectWithdrawn(Agreement memory withdrawn) internal {
        AgreementId id = hasher.agreementId(withdrawn);
        bool given = statusOf(withdrawn).state == AgreementState.Given;
        vm.expectEmit(address(assent));
        if (given) emit IConsentRegistry.AgreementWithdrawn(id, withdrawn.source.subject);
        else emit IConsentRegistry.AgreementRefused(id, withdrawn.source.subject);
    }

    /// @dev Given just now.
    function assertGiven(Agreement memory given) internal view {
        assertStatus(given, AgreementState.Given, given.terms.validUntil);
    }

    /// @dev Withdrawn just now. One that was never given has no end, and counts as refused.
    function assertWithdrawn(Agreement memory withdrawn, uint40 validUntil) internal view {
        assertStatus(withdrawn, validUntil == 0 ? AgreementState.Refused : AgreementState.Withdrawn, validUntil);
    }

    function assertUnknown(Agreement memory unknown) internal view {
        AgreementStatus memory nothing;
        assertEq(abi.encode(statusOf(unknown)), abi.encode(nothing), "unknown");
    }

    function assertStatus(Agreement memory of_, AgreementState state, uint40 validUntil) internal view {
        assertStatus(of_, state, validUntil, 0, 0);
    }

    function assertStatus(
        Agreement memory of_,
        AgreementState state,
        uint40 validUntil,
        uint32 allotted,
        uint40 adoptedAt
    ) internal view {
        uint40 since = uint40(vm.getBlockTimestamp());
        AgreementStatus memory wanted = AgreementStatus(state, since, validUntil, 0, 0, allotted, adoptedAt);
        assertEq(abi.encode(statusOf(of_)), abi.encode(wanted), "status");
    }

    function statusOf(Agreement memory of_) internal view returns (AgreementStatus memory) {
        return assent.agreementStatus(hasher.agreementId(of_));
    }

    /// @dev From here on the subject is a contract wallet, owned by the key that was the subject before.
    function becomeWallet(Answer answer) internal returns (Wallet wallet) {
        wallet = new Wallet(subject);
        wallet.set(answer);
        agreement.source.subject = address(wallet);
        agreementId = hasher.agreementId(agreement);
    }

    /// @dev EIP-7702: the account's code is a pointer to that of a wallet.
    /// @param owner Whose signatures the wallet's code takes.
    function delegate(address owner, Answer answer) internal {
        Wallet wallet = new Wallet(owner);
        vm.etch(subject, abi.encodePacked(hex"ef0100", address(wallet)));
        vm.store(subject, 0, bytes32(uint256(uint8(answer))));
        assertEq(uint8(Wallet(subject).answer()), uint8(answer), "delegated");
    }
}
