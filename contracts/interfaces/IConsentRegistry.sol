// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Agreement } from "../types/Agreement.sol";
import { AgreementId, ModelId } from "../types/Ids.sol";
import { Limits, Scope } from "../types/Scope.sol";

/// @title Agreements between subjects and controllers
/// @notice The subject gives an agreement, and withdraws it: by a transaction, or by a signature that anyone may relay. Nobody can stop a
/// withdrawal. A representative whom the subject appointed gives within its mandate. An agreement that was ended, by whom ever, never
/// authorises again; to agree anew, sign one with another salt.
interface IConsentRegistry {
    /// @dev With the topics, all of the agreement: whoever knows an id can have its content.
    /// @param limits Validity, uses and price of the terms.
    event AgreementGiven(
        AgreementId indexed id,
        address indexed subject,
        address indexed controller,
        address holder,
        bytes32 root,
        bytes32 notice,
        bytes32 salt,
        ModelId model,
        uint256 purposes,
        uint256 prohibited,
        Scope scope,
        Limits limits
    );
    event AgreementWithdrawn(AgreementId indexed id, address indexed subject);
    /// @notice Withdrawn before it was given: it can't be given any more.
    event AgreementRefused(AgreementId indexed id, address indexed subject);
    /// @notice The agreement is given by a representative, not by the subject.
    event AgreementRepresented(AgreementId indexed id, address indexed representative);

    /// @notice Neither the agreement's subject, nor a representative of the subject's whose mandate covers this now.
    error NotSubject(address sender, address subject);
    /// @notice Purposes that the representative has no mandate to agree to.
    error MandateExceeded(uint256 purposes);
    /// @notice The agreement would last beyond the mandate of the representative.
    error MandateOutlasted(uint256 validUntil, uint256 until);
    /// @notice The agreement was given before; it may have been ended since.
    error AgreementExists(AgreementId id);
    /// @notice A term that can't be meant: an empty purpose or step, no use, a validity that is over or empty, no holder, an unknown bit.
    error AgreementMalformed(string term);
    /// @notice Never given (with just these terms, to this controller), or ended.
    error AgreementNotGiven(AgreementId id);
    error AgreementNotYetValid(uint256 validFrom, uint256 timestamp);
    error AgreementExpired(uint256 validUntil, uint256 timestamp);
    /// @notice The purpose is neither agreed to nor below a purpose agreed to.
    error PurposeNotAgreed(uint8 purpose, uint256 agreed);
    /// @notice The purpose is, lies below, or contains a prohibited one.
    error PurposeProhibited(uint8 purpose, uint256 prohibited);
    error StepNotAgreed(uint8 step, uint8 agreed);
    /// @notice The question asks to have more of the verdict in clear than the agreement allows (`Disclosure`).
    error DisclosureNotAgreed(uint256 disclosure, uint256 agreed);
    /// @notice Modifiers that the agreement has and the question doesn't undertake.
    error ModifiersUnmet(uint32 modifiers);
    error PlaceNotAgreed(uint16 place, uint16 agreed);
    /// @notice Uses are numbered from 0 to `agreed` - 1.
    error UsesSpent(uint32 use, uint32 agreed);

    /// @notice Gives an agreement; the sender is its subject, or a representative with a mandate to give that has all of its purposes and lasts
    /// as long.
    function give(Agreement calldata agreement) external returns (AgreementId id);

    /// @notice Gives an agreement that its subject signed (EIP-712 `Giving`; ERC-1271 if the subject is a contract).
    /// @param deadline Last second at which the signature may be used.
    /// @dev A signature can't be replayed: an agreement's id can be given once.
    function giveBySig(Agreement calldata agreement, uint256 deadline, bytes calldata signature)
        external
        returns (AgreementId id);

    /// @notice Gives many agreements of one subject, who signed all of them at once (EIP-712 `GivingMany`): all, or none.
    function giveManyBySig(Agreement[] calldata agreements, uint256 deadline, bytes calldata signature) external;

    /// @notice Withdraws an agreement; the sender is its subject. It takes effect at once, also for requests already open, and also on an
    /// agreement that was signed but not given yet: it can't be given any more. What was adopted under it is withdrawn with it.
    function withdraw(Agreement calldata agreement) external;

    /// @notice Withdraws an agreement whose subject signed the withdrawal (EIP-712 `Withdrawal`).
    function withdrawBySig(Agreement calldata agreement, uint256 deadline, bytes calldata signature) external;

    /// @notice Withdraws many agreements of one subject, who signed for all of them at once (EIP-712 `WithdrawalOfMany`). Those of them that
    /// are ended already are left as they are.
    function withdrawManyBySig(Agreement[] calldata agreements, uint256 deadline, bytes calldata signature) external;
}
