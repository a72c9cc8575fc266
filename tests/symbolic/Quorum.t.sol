// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { SSTORE2 } from "solady/utils/SSTORE2.sol";

import { Quorum } from "../../contracts/base/Quorum.sol";
import { Epoch } from "../../contracts/types/Epoch.sol";
import { Signers, SignersLib } from "../../contracts/types/Signers.sol";
import { Attestation, Verdicts } from "../../contracts/types/Verdict.sol";

/// @notice A committee of four in epoch 1.
contract Committee is Quorum {
    uint256 internal constant SIZE = 4;

    constructor() {
        bytes memory blob;
        for (uint256 i = 0; i < SIZE; ++i) {
            blob = bytes.concat(blob, bytes20(member(i)));
        }
        _epoch = Epoch(1, uint8(SIZE), uint8(SIZE), uint40(block.timestamp), SSTORE2.write(blob));
        _epochs[1] = _epoch;
    }

    function check(Attestation calldata attestation, uint256 quorum, uint32 count, bytes32 root) external view {
        _checkReport(attestation, quorum, count, root);
    }

    function digest(uint32 epoch, uint32 count, bytes32 root) external view returns (bytes32) {
        return _hashTypedData(Verdicts.hashReport(epoch, count, root));
    }

    function member(uint256 i) public pure returns (address) {
        return address(uint160(0x1000 + i));
    }
}

/// @notice `Quorum._checkReport` for a committee of four and any signatures (a signature is what the precompile says it is: any function).
contract QuorumProof {
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    Committee private immutable committee = new Committee();

    /// @dev Three signatures are given: what passes was signed by just three members, or the check has a hole.
    function check_AReportThatPassesHasItsQuorum(
        Signers by,
        uint256 quorum,
        uint32 count,
        bytes32 root,
        bytes32[6] calldata words
    ) external view {
        bytes memory signatures = abi.encodePacked(words);
        Attestation memory attestation = Attestation(by, signatures);
        (bool success,) =
            address(committee).staticcall(abi.encodeCall(committee.check, (attestation, quorum, count, root)));
        if (!success) return;
        uint64 signers = by.bitmap();
        // All that is above the bitmap: no other bit is let pass.
        assert(Signers.unwrap(by) >> 64 == 1 && quorum <= 3 && signers < 16);
        bytes32 digest = committee.digest(1, count, root);
        uint256 given = 0;
        for (uint256 i = 0; i < 4; ++i) {
            if ((signers >> i) & 1 == 0) continue;
            (bytes32 r, uint256 vs) = (words[2 * given], uint256(words[2 * given + 1]));
            uint256 s = vs << 1 >> 1;
            assert(s <= HALF_ORDER);
            assert(ecrecover(digest, uint8(27 + (vs >> 255)), r, bytes32(s)) == committee.member(i));
            ++given;
        }
        assert(given == 3);
    }

    /// @dev With two signatures, or four, nothing passes: four members need just three.
    function check_NoReportPassesWithFewerOrMore(
        uint64 signers,
        uint32 count,
        bytes32 root,
        bytes32[4] calldata two,
        bytes32[8] calldata four
    ) external view {
        (bool few,) = address(committee)
            .staticcall(
                abi.encodeCall(
                    committee.check, (Attestation(SignersLib.pack(1, signers), abi.encodePacked(two)), 3, count, root)
                )
            );
        (bool many,) = address(committee)
            .staticcall(
                abi.encodeCall(
                    committee.check, (Attestation(SignersLib.pack(1, signers), abi.encodePacked(four)), 3, count, root)
                )
            );
        assert(!few && !many);
    }
}
