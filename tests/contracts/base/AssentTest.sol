// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { MessageHashUtils } from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import { Test } from "forge-std/Test.sol";

import { Assent } from "../../../contracts/Assent.sol";
import { OperatorPolicy } from "../../../contracts/OperatorSet.sol";
import { Agreement, Agreements, Steps } from "../../../contracts/types/Agreement.sol";
import { AgreementId, ModelId, RecordId, RequestId } from "../../../contracts/types/Ids.sol";
import { Model, Models } from "../../../contracts/types/Model.sol";
import { Operators } from "../../../contracts/types/Operator.sol";
import { Records } from "../../../contracts/types/Record.sol";
import { Attestation, Request, Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";

/// @notice Exposes the id functions, which take calldata.
contract Hasher {
    using Agreements for Agreement;
    using Models for Model;
    using Verdicts for Request;

    function agreementId(Agreement calldata agreement) external pure returns (AgreementId) {
        return agreement.id();
    }

    function modelId(Model calldata model) external pure returns (ModelId) {
        return model.id();
    }

    function commitment(Request calldata request) external pure returns (bytes32) {
        return request.commitment();
    }

    function leaf(RequestId id, bytes32 committed, Verdict calldata verdict) external pure returns (bytes32) {
        return Verdicts.leaf(id, committed, verdict);
    }
}

/// @notice The world that most tests start from: four operators in epoch 1, one model, one record, one agreement given.
/// @dev Every signature is made here, by key; none is hard-coded.
abstract contract AssentTest is Test {
    /// DPV bits of tests/vectors/purposes.json.
    uint8 internal purposeAgreed;
    uint256 internal constant FEE = 0.001 ether;
    uint96 internal constant STAKE = 1 ether;
    uint40 internal constant UNBONDING = 7 days;
    uint40 internal constant EPOCH_LENGTH = 1 hours;
    uint40 internal constant START = 1_800_000_000;

    Assent internal assent;
    Hasher internal hasher;

    address internal subject;
    uint256 internal subjectKey;
    address internal controller = makeAddr("controller");
    address internal holder = makeAddr("holder");
    address internal publisher = makeAddr("publisher");
    address internal stranger = makeAddr("stranger");
    address internal relayer = makeAddr("relayer");

    bytes32 internal constant ROOT = keccak256("root");
    Model internal model;
    ModelId internal modelId;
    RecordId internal recordId;
    Agreement internal agreement;
    AgreementId internal agreementId;

    function setUp() public virtual {
        vm.warp(START);
        vm.roll(100);
        assent = deploy(4);
        hasher = new Hasher();
        (subject, subjectKey) = makeAddrAndKey("subject");
        vm.deal(controller, 100 ether);
        purposeAgreed = uint8(vm.parseJsonUint(vm.readFile("tests/vectors/purposes.json"), ".bits.ImproveHealthcare"));

        formCommittee(4);
        model = defaultModel(3);
        modelId = hasher.modelId(model);
        vm.prank(publisher);
        assent.publish(model, "https://models.example/screening");
        recordId = Records.id(ROOT, subject, holder);
        vm.prank(holder);
        assent.commit(ROOT, subject, "https://vault.example");
        agreement = defaultAgreement();
        agreementId = hasher.agreementId(agreement);
    }

    function deploy(uint16 minMembers) internal returns (Assent) {
        return new Assent(
            OperatorPolicy({
                minStake: STAKE, minMembers: minMembers, unbondingTime: UNBONDING, epochLength: EPOCH_LENGTH
            })
        );
    }

    // Operators

    function operatorAt(uint256 i) internal returns (address operator) {
        operator = makeAddr(string.concat("operator", vm.toString(i)));
    }

    function attesterAt(uint256 i) internal returns (address attester, uint256 key) {
        return makeAddrAndKey(string.concat("attester", vm.toString(i)));
    }

    function formCommittee(uint256 size) internal {
        for (uint256 i = 0; i < size; ++i) {
            joinAs(i);
        }
        assent.rotate();
    }

    function joinAs(uint256 i) internal returns (address operator) {
        operator = operatorAt(i);
        (address attester, uint256 key) = attesterAt(i);
        bytes32 sealKey = keccak256(abi.encode("seal", i));
        bytes memory signature = sign(key, Operators.hashJoining(operator, sealKey, block.timestamp));
        vm.deal(operator, STAKE);
        vm.prank(operator);
        assent.join{ value: STAKE }(attester, sealKey, "https://operator.example", block.timestamp, signature);
    }

    // Defaults

    function defaultModel(uint8 quorum) internal view returns (Model memory) {
        return Model({
            publisher: publisher,
            files: keccak256("files"),
            inputs: keccak256("inputs"),
            outcomes: keccak256("outcomes"),
            outcomeCount: 2,
            quorum: quorum,
            tolerance: 1000,
            fee: uint96(FEE)
        });
    }

    function defaultAgreement() internal view returns (Agreement memory) {
        return Agreement({
            subject: subject,
            controller: controller,
            record: recordId,
            model: modelId,
            purposes: 1 << purposeAgreed,
            prohibited: 0,
            steps: uint8(1 << Steps.INFER),
            validFrom: START - 1 days,
            validUntil: START + 365 days,
            uses: 10,
            notice: keccak256("notice"),
            salt: keccak256("salt")
        });
    }

    function giveDefault() internal {
        vm.prank(subject);
        assent.give(agreement);
    }

    // Requests and reports

    function deadline() internal view returns (uint40) {
        return uint40(block.timestamp + 1 hours);
    }

    /// @dev Makes a request of the default agreement as use `use`.
    function ask(uint32 use) internal returns (Request memory request, RequestId id) {
        request = expectedRequest(use);
        vm.prank(controller);
        id = assent.request{ value: FEE }(agreement, request.purpose, request.step, use, request.deadline);
    }

    function expectedRequest(uint32 use) internal view returns (Request memory) {
        return Request({
            agreement: agreementId,
            use: use,
            controller: controller,
            purpose: purposeAgreed,
            step: Steps.INFER,
            deadline: deadline(),
            fee: uint96(FEE),
            quorum: model.quorum,
            outcomeCount: model.outcomeCount
        });
    }

    function defaultVerdict() internal pure returns (Verdict memory) {
        return Verdict({ outcome: 1, score: 987_654, trail: keccak256("trail") });
    }

    /// @dev Signs a report of this one verdict with the members named in the bitmap.
    function attest(Request memory request, Verdict memory verdict, uint256 signers)
        internal
        returns (Attestation memory)
    {
        uint32 epoch = assent.currentEpoch().number;
        bytes32 root = leafOf(request, verdict);
        return attestRoot(epoch, root, signers);
    }

    function attestRoot(uint32 epoch, bytes32 root, uint256 signers) internal returns (Attestation memory) {
        address[] memory members = assent.membersOf(epoch);
        bytes memory signatures;
        for (uint256 i = 0; i < members.length; ++i) {
            if ((signers >> i) & 1 == 0) continue;
            signatures = bytes.concat(signatures, sign(keyOf(members[i]), Verdicts.hashReport(epoch, 1, root)));
        }
        return Attestation({ epoch: epoch, signers: signers, signatures: signatures });
    }

    function leafOf(Request memory request, Verdict memory verdict) internal view returns (bytes32) {
        RequestId id = Verdicts.id(request.agreement, request.use);
        return hasher.leaf(id, hasher.commitment(request), verdict);
    }

    function keyOf(address attester) internal returns (uint256 key) {
        address candidate;
        for (uint256 i = 0; i < 64; ++i) {
            (candidate, key) = attesterAt(i);
            if (candidate == attester) return key;
        }
        revert("no such attester");
    }

    // Signatures

    /// @return The compact (EIP-2098) signature of an EIP-712 struct under the contract's domain.
    function sign(uint256 key, bytes32 structHash) internal view returns (bytes memory) {
        return signFor(domainSeparator(block.chainid, address(assent)), key, structHash);
    }

    function signFor(bytes32 separator, uint256 key, bytes32 structHash) internal pure returns (bytes memory) {
        (bytes32 r, bytes32 vs) = vm.signCompact(key, MessageHashUtils.toTypedDataHash(separator, structHash));
        return abi.encodePacked(r, vs);
    }

    function domainSeparator(uint256 chainId, address verifying) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Assent"),
                keccak256("1"),
                chainId,
                verifying
            )
        );
    }
}
