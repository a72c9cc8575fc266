// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Agreement } from "../types/Agreement.sol";
import { AgreementId, ModelId } from "../types/Ids.sol";
import { Mandate } from "../types/Mandate.sol";
import { Model } from "../types/Model.sol";

/// @title What comes after an agreement was given
/// @notice Who else may end it, how it is renewed, who may act for a subject, and who says that data were erased.
interface IConsentDesk {
    /// @notice A subject appointed a representative, or changed its mandate.
    event Appointed(address indexed subject, address indexed representative, Mandate mandate);
    event Dismissed(address indexed subject, address indexed representative);
    event AgreementRevoked(AgreementId indexed id, address indexed representative);
    event AgreementInvalidated(AgreementId indexed id, address indexed holder);
    /// @param by The subject, or a representative.
    event AgreementRenewed(AgreementId indexed id, address indexed by, uint40 validUntil);

    /// @notice The controller adopted a model of the publisher that the subject agreed to: from here on there is an agreement for it,
    /// `id`, of which `AgreementGiven` tells the content.
    event AgreementAdopted(AgreementId indexed id, AgreementId indexed under);

    /// @notice A mandate that can't be meant: no right or an unknown one, a time that is over or empty or begins too soon, purposes where
    /// nothing may be given or renewed, or none where something may.
    error MandateMalformed(string term);
    /// @notice The sender isn't the agreement's holder.
    error NotHolder(address sender, address holder);
    /// @notice A renewal ends later than what it renews, and later than now.
    error RenewalTooEarly(uint40 validUntil, uint256 before);

    /// @notice The sender isn't the agreement's controller.
    error NotController(address sender, address controller);
    /// @notice The agreement names another publisher's models, or such in another currency, or one model.
    error ModelNotAgreed(ModelId model, ModelId agreed);
    /// @notice More uses than the agreement has left for models yet to be adopted.
    error AllotmentTooLarge(uint32 uses, uint32 left);
    error TooManyAdopted(AgreementId under, uint256 most);
    /// @notice Another model was adopted less than an hour before.
    error AdoptedLately(uint256 next, uint256 timestamp);

    /// @notice Lets a representative act for the sender. A mandate to give only may begin at once; one to revoke or to renew begins a day
    /// from now at the earliest. It ends by itself: a guardian's at the subject's majority. A later call replaces it.
    function appoint(address representative, Mandate calldata mandate) external;

    /// @notice Ends a mandate at once; the sender is the subject or the representative.
    function dismiss(address subject, address representative) external;

    function mandateOf(address subject, address representative) external view returns (Mandate memory);

    /// @notice Ends an agreement in its subject's stead; the sender is a representative with a mandate to revoke.
    function revoke(Agreement calldata agreement) external;

    /// @notice Ends an agreement about a record of the sender's, because it isn't what it seemed: another person's, or not free.
    function invalidate(Agreement calldata agreement) external;

    /// @notice Lengthens an agreement that is given, also when its time has run out; the sender is its subject, or a representative with a
    /// mandate to renew that has all of its purposes and lasts as long. All other terms stay.
    function renew(Agreement calldata agreement, uint40 validUntil) external;

    /// @notice Lengthens an agreement whose subject signed the renewal (EIP-712 `Renewal`).
    function renewBySig(Agreement calldata agreement, uint40 validUntil, uint256 deadline, bytes calldata signature)
        external;

    /// @notice Takes one model, of those that a subject agreed to by their publisher (`Models.by`): makes an agreement with the same terms for
    /// that model, with some of the uses. The sender is the controller. The new agreement is like any other, and the subject can withdraw it
    /// alone; when the one that it is under is ended, so is it, and it is renewed with that. Once for each model: one that the subject
    /// withdrew, or refused ahead (by `withdraw` of `under` with the model in the publisher's place), can't be adopted again. Once an hour,
    /// and 16 times: each adoption makes the withdrawal of `under` 12,000 gas dearer.
    /// @param uses How many of the uses of `under` go to the new agreement.
    function adopt(Agreement calldata under, Model calldata model, uint32 uses) external returns (AgreementId id);

    /// @notice What was adopted under an agreement, at most 16, also what has ended since.
    function adoptedUnder(AgreementId under) external view returns (AgreementId[] memory);

    /// @notice The vocabulary of purposes that this contract goes by: its name, and the Merkle root (OpenZeppelin's `StandardMerkleTree`) over
    /// each purpose's bit, term and mask of itself and all broader ones: `(uint8, string, uint256)`.
    function vocabulary() external pure returns (string memory name, bytes32 root);
}
