// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Domain } from "./Domain.sol";
import { LibBit } from "solady/utils/LibBit.sol";
import { SSTORE2 } from "solady/utils/SSTORE2.sol";

import { IVerdictOracle } from "../interfaces/IVerdictOracle.sol";
import { Members } from "../libraries/Members.sol";
import { Epoch } from "../types/Epoch.sol";
import { Attestation, Verdicts } from "../types/Verdict.sol";
import { State } from "./State.sol";

/// @dev Who signs for the committee, and whether enough of it did.
abstract contract Quorum is State, Domain {
    /// @dev A report's quorum: as many as its models ask for and more than half of the members, no more. One more signer would have a part
    /// of the fee for nothing, by adding its signature to a report that it saw in the mempool.
    function _checkReport(Attestation calldata attestation, uint256 quorum, uint32 count, bytes32 root) internal view {
        uint256 epoch = attestation.by.epoch();
        uint64 signers = attestation.by.bitmap();
        bytes memory members = _membersFor(epoch);
        uint256 wanted = Members.majority(members.length / Members.SIZE);
        if (wanted < quorum) wanted = quorum;
        uint256 given = LibBit.popCount(signers);
        if (given != wanted) revert IVerdictOracle.QuorumMismatch(given, wanted);
        _checkSignatures(signers, given, attestation.signatures, members, Verdicts.hashReport(epoch, count, root));
    }

    /// @return The epoch's members with seats: of the current one, or the one before for a while, so that a rotation spoils no report under way.
    function _membersFor(uint256 number) internal view returns (bytes memory) {
        Epoch storage epoch = _epoch;
        uint256 current = epoch.number;
        if (number == current && number != 0) return _seated(epoch);
        // A number beyond 32 bits isn't one less than any.
        bool recent = number != 0 && number + 1 == current && block.timestamp <= _epochEnds[uint32(number)].signsUntil;
        if (!recent) revert IVerdictOracle.EpochStale(number, current);
        return _seated(_epochs[uint32(number)]);
    }

    function _seated(Epoch storage epoch) internal view returns (bytes memory) {
        return SSTORE2.read(epoch.members, 0, uint256(epoch.seats) * Members.SIZE);
    }

    /// @return The operator behind a member of an epoch.
    function _operatorAt(uint32 number, uint256 index) internal view returns (address) {
        Epoch storage epoch = _epochs[number];
        uint256 start = (epoch.roll + index) * Members.SIZE;
        return Members.get(SSTORE2.read(epoch.members, start, start + Members.SIZE), 0);
    }

    function _checkSignatures(
        uint256 signers,
        uint256 given,
        bytes calldata signatures,
        bytes memory members,
        bytes32 structHash
    ) internal view {
        if (signers >> (members.length / Members.SIZE) != 0) {
            revert IVerdictOracle.SignerUnknown(LibBit.fls(signers));
        }
        uint256 length = given << 6; // 64 bytes each
        if (signatures.length != length) revert IVerdictOracle.SignaturesMalformed(signatures.length, length);
        (bool valid, uint256 index, address recovered) =
            Members.signed(_hashTypedData(structHash), signers, members, signatures);
        if (!valid) revert IVerdictOracle.SignerMismatch(index, recovered, Members.get(members, index));
    }
}
