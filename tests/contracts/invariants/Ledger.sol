// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Assent } from "../../../contracts/Assent.sol";
import { Agreement } from "../../../contracts/types/Agreement.sol";
import { AgreementId, ModelId, RequestId } from "../../../contracts/types/Ids.sol";
import { Model } from "../../../contracts/types/Model.sol";
import { Request, RequestState } from "../../../contracts/types/Verdict.sol";
import { AssentTest } from "../base/AssentTest.sol";

/// @notice When something happened: the handler's count of calls, and the time.
struct Moment {
    uint256 step;
    uint256 time;
}

struct KnownAgreement {
    Agreement terms;
    AgreementId id;
    /// The purpose and step that requests under it name.
    uint8 purpose;
    uint8 step;
    Moment given;
    /// Zero: never.
    Moment withdrawn;
    uint32 taken;
}

struct KnownRequest {
    Request terms;
    RequestId id;
    uint256 agreementAt;
    RequestState state;
    Moment asked;
    Moment ended;
    /// What `verdictOf` said when it ended.
    bytes answer;
    uint32 epoch;
    uint256 signers;
    /// Signatures among them that their members made over this very verdict.
    uint256 sound;
}

struct KnownModel {
    Model terms;
    ModelId id;
    bool deprecated;
}

struct KnownOperator {
    address account;
    address attester;
    uint256 stake;
    uint256 leftAt;
}

/// @notice Fees of one set of signers in one epoch.
struct KnownSigners {
    uint32 epoch;
    uint256 signers;
    uint256 earned;
    uint256 collected;
}

/// @notice What the handler knows to have happened, kept apart from the contract, and what it therefore expects of each call.
abstract contract Ledger is AssentTest {
    uint256 public constant OPERATORS = 10;

    KnownAgreement[] internal agreements;
    KnownRequest[] internal requests;
    KnownModel[] internal models;
    KnownOperator[] internal operators;
    KnownSigners[] internal signerSets;
    mapping(bytes32 pair => uint256 place) internal signerSetAt;
    mapping(bytes32 pair => mapping(uint256 index => uint256 wei_)) internal collectedBy;
    address[] internal attesters;
    mapping(address attester => address operator) public firstOperatorOf;
    mapping(uint32 epoch => address[] members) internal membersAtRotation;
    bool internal membershipChanged;

    uint256 public paidIn;
    uint256 public paidOut;
    uint256 public steps;
    /// The first call that ended otherwise than expected.
    string public surprise;
    mapping(string action => uint256 times) public succeeded;
    mapping(string action => uint256 times) public refused;

    // What invariants read

    function contractUnderTest() external view returns (Assent) {
        return assent;
    }

    function counts() external view returns (uint256, uint256, uint256, uint256, uint256) {
        return (agreements.length, requests.length, models.length, signerSets.length, attesters.length);
    }

    function agreementAt(uint256 i) external view returns (KnownAgreement memory) {
        return agreements[i];
    }

    function requestAt(uint256 i) external view returns (KnownRequest memory) {
        return requests[i];
    }

    function modelAt(uint256 i) external view returns (KnownModel memory) {
        return models[i];
    }

    function operatorKnownAt(uint256 i) external view returns (KnownOperator memory) {
        return operators[i];
    }

    function signersAt(uint256 i) external view returns (KnownSigners memory) {
        return signerSets[i];
    }

    function attesterKnownAt(uint256 i) external view returns (address) {
        return attesters[i];
    }

    function membersKnownOf(uint32 epoch) external view returns (address[] memory) {
        return membersAtRotation[epoch];
    }

    // Calls

    modifier counted() {
        ++steps;
        _;
    }

    /// @dev Makes the call, and remembers it if it didn't end as expected.
    function attempt(string memory action, address sender, uint256 value, bytes memory data, bool expected)
        internal
        returns (bool success)
    {
        if (value > 0) vm.deal(sender, sender.balance + value);
        vm.prank(sender);
        (success,) = address(assent).call{ value: value }(data);
        if (success) {
            paidIn += value;
            ++succeeded[action];
        } else {
            ++refused[action];
        }
        if (success != expected && bytes(surprise).length == 0) {
            surprise = string.concat(action, success ? " was let through" : " was refused");
        }
    }

    function time() internal view returns (uint256) {
        return vm.getBlockTimestamp();
    }

    function moment() internal view returns (Moment memory) {
        return Moment(steps, vm.getBlockTimestamp());
    }

    /// @dev A new number for each purpose from one seed.
    function draw(uint256 seed, string memory what, uint256 least, uint256 most) internal pure returns (uint256) {
        return _bound(uint256(keccak256(abi.encode(seed, what))), least, most);
    }

    function stands(KnownAgreement storage known) internal view returns (bool) {
        return known.withdrawn.step == 0 && time() < known.terms.validUntil;
    }

    function isMember(address attester) internal view returns (bool) {
        address[] storage members = membersAtRotation[assent.currentEpoch().number];
        for (uint256 i = 0; i < members.length; ++i) {
            if (members[i] == attester) return true;
        }
        return false;
    }

    function popCount(uint256 bits) internal pure returns (uint256 count) {
        for (; bits != 0; bits >>= 1) {
            count += bits & 1;
        }
    }
}
