// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { MessageHashUtils } from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import { Test } from "forge-std/Test.sol";

import { Agreement, Agreements } from "../../contracts/types/Agreement.sol";
import { AgreementId, ModelId, RecordId, RequestId } from "../../contracts/types/Ids.sol";
import { Model, Models } from "../../contracts/types/Model.sol";
import { Operators } from "../../contracts/types/Operator.sol";
import { Records } from "../../contracts/types/Record.sol";
import { Request, Verdict, Verdicts } from "../../contracts/types/Verdict.sol";

/// @notice tests/vectors/ids.json and merkle.json, which Python checks too.
contract VectorsTest is Test {
    using Agreements for Agreement;
    using Models for Model;
    using Verdicts for Request;

    string private json;

    function setUp() public {
        json = vm.readFile("tests/vectors/ids.json");
    }

    function agreementId(Agreement calldata agreement) external pure returns (AgreementId) {
        return agreement.id();
    }

    function modelId(Model calldata model) external pure returns (ModelId) {
        return model.id();
    }

    function commitment(Request calldata request) external pure returns (bytes32) {
        return request.commitment();
    }

    function leaf(bytes32 id, bytes32 committed, Verdict calldata verdict) external pure returns (bytes32) {
        return Verdicts.leaf(RequestId.wrap(id), committed, verdict);
    }

    function test_RecordId_MatchesTheVector() public view {
        RecordId id = Records.id(
            _word("record.values.root"), _account("record.values.subject"), _account("record.values.holder")
        );
        assertEq(RecordId.unwrap(id), _word("record.hash"));
    }

    function test_ModelId_MatchesTheVector() public view {
        Model memory model = Model({
            publisher: _account("model.values.publisher"),
            files: _word("model.values.files"),
            inputs: _word("model.values.inputs"),
            outcomes: _word("model.values.outcomes"),
            outcomeCount: uint8(_number("model.values.outcomeCount")),
            quorum: uint8(_number("model.values.quorum")),
            tolerance: uint24(_number("model.values.tolerance")),
            fee: uint96(_number("model.values.fee"))
        });
        assertEq(ModelId.unwrap(this.modelId(model)), _word("model.hash"));
    }

    function test_AgreementId_MatchesTheVector() public view {
        Agreement memory agreement = Agreement({
            subject: _account("agreement.values.subject"),
            controller: _account("agreement.values.controller"),
            record: RecordId.wrap(_word("agreement.values.record")),
            model: ModelId.wrap(_word("agreement.values.model")),
            purposes: _number("agreement.values.purposes"),
            prohibited: _number("agreement.values.prohibited"),
            steps: uint8(_number("agreement.values.steps")),
            validFrom: uint40(_number("agreement.values.validFrom")),
            validUntil: uint40(_number("agreement.values.validUntil")),
            uses: uint32(_number("agreement.values.uses")),
            notice: _word("agreement.values.notice"),
            salt: _word("agreement.values.salt")
        });
        assertEq(AgreementId.unwrap(this.agreementId(agreement)), _word("agreement.hash"));
    }

    function test_RequestCommitment_MatchesTheVector() public view {
        Request memory request = Request({
            agreement: AgreementId.wrap(_word("request.values.agreement")),
            use: uint32(_number("request.values.use")),
            controller: _account("request.values.controller"),
            purpose: uint8(_number("request.values.purpose")),
            step: uint8(_number("request.values.step")),
            deadline: uint40(_number("request.values.deadline")),
            fee: uint96(_number("request.values.fee")),
            quorum: uint8(_number("request.values.quorum")),
            outcomeCount: uint8(_number("request.values.outcomeCount"))
        });
        assertEq(this.commitment(request), _word("request.hash"));
    }

    function test_TypedStructs_MatchTheVectors() public view {
        AgreementId id = AgreementId.wrap(_word("agreement.hash"));
        uint256 deadline = vm.parseJsonUint(json, ".typed.giving.message.deadline");
        _checkTyped("giving", Agreements.hashGiving(id, deadline));
        _checkTyped("withdrawal", Agreements.hashWithdrawal(id, deadline));
        address operator = vm.parseJsonAddress(json, ".typed.joining.message.operator");
        bytes32 sealKey = vm.parseJsonBytes32(json, ".typed.joining.message.sealKey");
        _checkTyped("joining", Operators.hashJoining(operator, sealKey, deadline));
        _checkTyped("report", Verdicts.hashReport(1, 1, vm.parseJsonBytes32(json, ".typed.report.message.root")));
    }

    function test_ReportLeaf_IsStandardMerkleTrees() public view {
        string memory merkle = vm.readFile("tests/vectors/merkle.json");
        bytes32 id = vm.parseJsonBytes32(merkle, ".trees[0].leaves[0][0]");
        bytes32 committed = vm.parseJsonBytes32(merkle, ".trees[0].leaves[0][1]");
        bytes32 trail = vm.parseJsonBytes32(merkle, ".trees[0].leaves[0][4]");
        Verdict memory verdict = Verdict({ outcome: 0, score: 0, trail: trail });
        assertEq(this.leaf(id, committed, verdict), vm.parseJsonBytes32(merkle, ".trees[0].root"));
    }

    function _checkTyped(string memory name, bytes32 structHash) private view {
        string memory path = string.concat(".typed.", name);
        assertEq(structHash, vm.parseJsonBytes32(json, string.concat(path, ".structHash")), name);
        bytes32 digest = MessageHashUtils.toTypedDataHash(_separator(), structHash);
        assertEq(digest, vm.parseJsonBytes32(json, string.concat(path, ".digest")), name);
    }

    function _separator() private view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Assent"),
                keccak256("1"),
                vm.parseJsonUint(json, ".domain.chainId"),
                vm.parseJsonAddress(json, ".domain.verifyingContract")
            )
        );
    }

    function _word(string memory path) private view returns (bytes32) {
        return vm.parseJsonBytes32(json, string.concat(".structs.", path));
    }

    function _account(string memory path) private view returns (address) {
        return vm.parseJsonAddress(json, string.concat(".structs.", path));
    }

    function _number(string memory path) private view returns (uint256) {
        return vm.parseJsonUint(json, string.concat(".structs.", path));
    }
}
