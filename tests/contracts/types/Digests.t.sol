// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Agreement, Agreements } from "../../../contracts/types/Agreement.sol";
import { AgreementId, RequestId } from "../../../contracts/types/Ids.sol";
import { Model, Models } from "../../../contracts/types/Model.sol";
import { Operators } from "../../../contracts/types/Operator.sol";
import { Records } from "../../../contracts/types/Record.sol";
import { Request, Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { AssentTest } from "../base/AssentTest.sol";

/// @notice Each id and digest, however computed, equals its plain EIP-712 definition: by `abi.encode`, and by forge's own encoder.
contract DigestsTest is AssentTest {
    string private constant AGREEMENT =
        "Agreement(address subject,address controller,bytes32 record,bytes32 model,uint256 purposes,uint256 prohibited,uint8 steps,uint40 validFrom,uint40 validUntil,uint32 uses,bytes32 notice,bytes32 salt)";
    string private constant GIVING = "Giving(Agreement agreement,uint256 deadline)";
    string private constant WITHDRAWAL = "Withdrawal(bytes32 agreement,uint256 deadline)";
    string private constant RECORD = "Record(bytes32 root,address subject,address holder)";
    string private constant MODEL =
        "Model(address publisher,bytes32 files,bytes32 inputs,bytes32 outcomes,uint8 outcomeCount,uint8 quorum,uint24 tolerance,uint96 fee)";
    string private constant JOINING = "Joining(address operator,bytes32 sealKey,uint256 deadline)";
    string private constant REQUEST =
        "Request(bytes32 agreement,uint32 use,address controller,uint8 purpose,uint8 step,uint40 deadline,uint96 fee,uint8 quorum,uint8 outcomeCount)";
    string private constant REPORT = "Report(uint32 epoch,uint32 count,bytes32 root)";

    function testFuzz_AgreementId_IsTheStructHash(Agreement memory any) public view {
        bytes32 id = AgreementId.unwrap(hasher.agreementId(any));
        assertEq(id, keccak256(abi.encode(Agreements.TYPEHASH, any)), "abi.encode");
        assertEq(id, vm.eip712HashStruct(AGREEMENT, abi.encode(any)), "EIP-712");
    }

    function testFuzz_Commitment_IsTheStructHash(Request memory any) public view {
        bytes32 committed = hasher.commitment(any);
        assertEq(committed, keccak256(abi.encode(Verdicts.REQUEST_TYPEHASH, any)), "abi.encode");
        assertEq(committed, vm.eip712HashStruct(REQUEST, abi.encode(any)), "EIP-712");
    }

    /// @dev The assembly writes beyond the free memory pointer; what is allocated after it must not be disturbed, nor disturb it.
    function testFuzz_Commitment_LeavesMemoryAlone(Request memory any, bytes memory before) public view {
        bytes32 digest = keccak256(before);
        bytes32 committed = hasher.commitment(any);
        assertEq(keccak256(before), digest, "memory");
        assertEq(hasher.commitment(any), committed, "twice");
    }

    function testFuzz_ModelId_IsTheStructHash(Model memory any) public view {
        assertEq(keccak256(abi.encode(hasher.modelId(any))), keccak256(abi.encode(_hash(MODEL, abi.encode(any)))));
    }

    function testFuzz_RecordId_IsTheStructHash(bytes32 root, address of_, address by) public pure {
        assertEq(
            keccak256(abi.encode(Records.id(root, of_, by))),
            keccak256(abi.encode(_hash(RECORD, abi.encode(root, of_, by))))
        );
    }

    function testFuzz_Giving_IsTheStructHash(Agreement memory any, uint256 until) public view {
        bytes32 typehash = keccak256(bytes.concat(bytes(GIVING), bytes(AGREEMENT)));
        assertEq(Agreements.GIVING_TYPEHASH, typehash, "type hash");
        AgreementId id = hasher.agreementId(any);
        assertEq(Agreements.hashGiving(id, until), keccak256(abi.encode(typehash, id, until)));
    }

    function testFuzz_Withdrawal_IsTheStructHash(bytes32 id, uint256 until) public pure {
        assertEq(Agreements.hashWithdrawal(AgreementId.wrap(id), until), _hash(WITHDRAWAL, abi.encode(id, until)));
    }

    function testFuzz_Joining_IsTheStructHash(address operator, bytes32 sealKey, uint256 until) public pure {
        assertEq(Operators.hashJoining(operator, sealKey, until), _hash(JOINING, abi.encode(operator, sealKey, until)));
    }

    function testFuzz_Report_IsTheStructHash(uint32 epoch, uint32 count, bytes32 root) public pure {
        assertEq(Verdicts.hashReport(epoch, count, root), _hash(REPORT, abi.encode(epoch, count, root)));
    }

    function testFuzz_Leaf_IsTheOneOfTheStandardTree(RequestId id, bytes32 committed, Verdict memory verdict)
        public
        view
    {
        bytes memory values = abi.encode(id, committed, verdict.outcome, verdict.score, verdict.trail);
        assertEq(hasher.leaf(id, committed, verdict), keccak256(abi.encodePacked(keccak256(values))));
    }

    function test_TypeHashes_AreThoseOfTheTypes() public pure {
        assertEq(Agreements.TYPEHASH, vm.eip712HashType(AGREEMENT), "Agreement");
        assertEq(Agreements.WITHDRAWAL_TYPEHASH, vm.eip712HashType(WITHDRAWAL), "Withdrawal");
        assertEq(Records.TYPEHASH, vm.eip712HashType(RECORD), "Record");
        assertEq(Models.TYPEHASH, vm.eip712HashType(MODEL), "Model");
        assertEq(Operators.JOINING_TYPEHASH, vm.eip712HashType(JOINING), "Joining");
        assertEq(Verdicts.REQUEST_TYPEHASH, vm.eip712HashType(REQUEST), "Request");
        assertEq(Verdicts.REPORT_TYPEHASH, vm.eip712HashType(REPORT), "Report");
    }

    function test_Domain_IsDescribed() public view {
        (bytes1 fields, string memory name, string memory version, uint256 chainId, address verifying,,) =
            assent.eip712Domain();
        assertEq(fields, hex"0f", "fields");
        assertEq(name, "Assent", "name");
        assertEq(version, "1", "version");
        assertEq(chainId, block.chainid, "chain");
        assertEq(verifying, address(assent), "contract");
    }

    function _hash(string memory definition, bytes memory encoded) private pure returns (bytes32) {
        return vm.eip712HashStruct(definition, encoded);
    }
}
