// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { MessageHashUtils } from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import { Test } from "forge-std/Test.sol";

import { Agreement, Agreements, Source, Terms } from "../../contracts/types/Agreement.sol";
import { Cases } from "../../contracts/types/Case.sol";
import {
    AgreementId,
    ModelId,
    PoolId,
    RecordId,
    RequestId,
    SourceId,
    StandingId,
    TermsId
} from "../../contracts/types/Ids.sol";
import { Model, Models } from "../../contracts/types/Model.sol";
import { Pools } from "../../contracts/types/Pool.sol";
import { Asked, Delivery, Disclosure, Question, Questions } from "../../contracts/types/Question.sol";
import { Quote, Quoted, Quotes } from "../../contracts/types/Quote.sol";
import { RecordIds } from "../../contracts/types/Record.sol";
import { Rolls } from "../../contracts/types/Roll.sol";
import { Scoped, Scopes } from "../../contracts/types/Scope.sol";
import { Signers, SignersLib } from "../../contracts/types/Signers.sol";
import { Schedule, StandingRequest, Standings } from "../../contracts/types/Standing.sol";
import { Request, Verdict, Verdicts } from "../../contracts/types/Verdict.sol";
import { verdictOf } from "./base/Verdict.sol";

/// @dev What is hashed from calldata.
contract VectorHasher {
    function agreementId(Agreement calldata agreement) external pure returns (AgreementId) {
        return Agreements.id(agreement);
    }

    function sourceId(Source calldata source) external pure returns (SourceId) {
        return Agreements.sourceId(source);
    }

    function recordOf(Source calldata source) external pure returns (RecordId) {
        return Agreements.recordOf(source);
    }

    function termsId(Terms calldata terms) external pure returns (TermsId) {
        return Agreements.termsId(terms);
    }

    function modelId(Model calldata model) external pure returns (ModelId) {
        return Models.id(model);
    }

    function commitment(Request calldata request) external pure returns (bytes32) {
        return Verdicts.commitment(request);
    }

    function requestId(Request calldata request) external pure returns (RequestId) {
        return Verdicts.id(request);
    }

    function leaf(RequestId id, bytes32 committed, Verdict calldata verdict) external pure returns (bytes32) {
        return Verdicts.leaf(id, committed, verdict);
    }

    function joining(address operator, bytes32 sealKey, string calldata endpoint, uint256 deadline)
        external
        pure
        returns (bytes32)
    {
        return Rolls.hashJoining(operator, sealKey, endpoint, deadline);
    }

    function ruling(uint32 epoch, RequestId request, bool stands, Verdict calldata verdict)
        external
        pure
        returns (bytes32)
    {
        return Cases.hashRuling(epoch, request, stands, verdict);
    }
}

/// @notice tests/vectors/ids.json, which Python checks too: neither side's own hashing made it. merkle.json is in libraries/ReportTree.t.sol.
contract VectorsTest is Test {
    VectorHasher private hasher;
    string private json;

    function setUp() public {
        hasher = new VectorHasher();
        json = vm.readFile("tests/vectors/ids.json");
    }

    // Structs

    function test_RecordId_MatchesTheVector() public view {
        string memory values = ".structs.record.values";
        RecordId id = RecordIds.id(_word(values, "root"), _account(values, "subject"), _account(values, "holder"));
        assertEq(RecordId.unwrap(id), _hashOf("record"));
    }

    function test_ModelId_MatchesTheVector() public view {
        string memory values = ".structs.model.values";
        Model memory model = Model({
            publisher: _account(values, "publisher"),
            files: _word(values, "files"),
            inputs: _word(values, "inputs"),
            outcomes: _word(values, "outcomes"),
            outcomeCount: uint8(_number(values, "outcomeCount")),
            quorum: uint8(_number(values, "quorum")),
            tolerance: uint24(_number(values, "tolerance")),
            fee: uint96(_number(values, "fee")),
            currency: _account(values, "currency"),
            royalty: uint16(_number(values, "royalty")),
            arbiter: _account(values, "arbiter"),
            cap: uint96(_number(values, "cap"))
        });
        assertEq(ModelId.unwrap(hasher.modelId(model)), _hashOf("model"));
    }

    function test_SourceId_MatchesTheVector() public view {
        Source memory source = _source(".structs.source.values");
        assertEq(SourceId.unwrap(hasher.sourceId(source)), _hashOf("source"));
        assertEq(RecordId.unwrap(hasher.recordOf(source)), _hashOf("record"), "its record");
    }

    function test_TermsId_MatchesTheVector() public view {
        assertEq(TermsId.unwrap(hasher.termsId(_terms(".structs.terms.values"))), _hashOf("terms"));
    }

    function test_AgreementId_MatchesTheVector() public view {
        string memory values = ".structs.agreement.values";
        address controller = _account(values, "controller");
        Agreement memory agreement = Agreement(controller, _source(values), _terms(values));
        assertEq(AgreementId.unwrap(hasher.agreementId(agreement)), _hashOf("agreement"));
        AgreementId ofParts =
            Agreements.id(SourceId.wrap(_hashOf("source")), controller, TermsId.wrap(_hashOf("terms")));
        assertEq(AgreementId.unwrap(ofParts), _hashOf("agreement"), "of its parts");
    }

    function test_RequestCommitment_MatchesTheVector() public view {
        assertEq(hasher.commitment(_request()), _hashOf("request"));
    }

    function test_StandingId_MatchesTheVector() public view {
        Schedule memory schedule = _schedule();
        bytes32 hashed = keccak256(abi.encode(Standings.SCHEDULE_TYPEHASH, schedule));
        assertEq(hashed, _hashOf("schedule"), "its schedule");
        string memory values = ".structs.standing.values";
        StandingRequest memory standing = StandingRequest({
            agreement: AgreementId.wrap(_word(values, "agreement")),
            controller: _account(values, "controller"),
            question: Question.wrap(_number(values, "question")),
            quote: Quote.wrap(_number(values, "quote")),
            schedule: schedule
        });
        assertEq(StandingId.unwrap(Standings.id(standing)), _hashOf("standing"));
    }

    // Packed words

    function test_Questions_MatchTheVectors() public view {
        uint256 count = 0;
        for (; vm.keyExistsJson(json, _item(".questions", count)); ++count) {
            string memory path = _item(".questions", count);
            Question question = Questions.pack(_asked(path));
            assertEq(Question.unwrap(question), _number(path, "packed"), path);
            Question packed = Question.wrap(_number(path, "packed"));
            assertEq(packed.use(), _number(path, "use"), "use");
            assertEq(packed.deadline(), _number(path, "deadline"), "deadline");
            assertEq(packed.purpose(), _number(path, "purpose"), "purpose");
            assertEq(packed.step(), _number(path, "step"), "step");
            assertEq(packed.callback(), _number(path, "callback"), "callback");
            assertEq(packed.delivery(), _number(path, "delivery"), "delivery");
        }
        assertGt(count, 0, "none");
    }

    function test_Quotes_MatchTheVectors() public view {
        uint256 count = 0;
        for (; vm.keyExistsJson(json, _item(".quotes", count)); ++count) {
            string memory path = _item(".quotes", count);
            assertEq(Quote.unwrap(Quotes.pack(_quoted(path))), _number(path, "packed"), path);
            Quote packed = Quote.wrap(_number(path, "packed"));
            assertEq(packed.outcomeCount(), _number(path, "outcomeCount"), "outcomeCount");
            assertEq(packed.quorum(), _number(path, "quorum"), "quorum");
            assertEq(packed.currency(), _number(path, "currency"), "currency");
            assertEq(packed.fee(), _number(path, "fee"), "fee");
            assertEq(packed.price(), _number(path, "price"), "price");
            assertEq(packed.total(), _number(path, "total"), "total");
            assertEq(packed.royalty(), _number(path, "royaltyAmount"), "royalty");
        }
        assertGt(count, 0, "none");
    }

    /// @dev A standing request's question is the request's, without a deadline.
    function test_ForRound_MatchesTheVectors() public view {
        Question asked = Question.wrap(_number(".structs.request.values", "question"));
        uint256 standing = _number(".structs.standing.values", "question");
        assertEq(Question.unwrap(asked.forRound(asked.use(), 0)), standing);
        Question round = Question.wrap(standing).forRound(asked.use(), asked.deadline());
        assertEq(Question.unwrap(round), Question.unwrap(asked));
    }

    // Derived

    function test_RequestId_MatchesTheVector() public view {
        assertEq(RequestId.unwrap(hasher.requestId(_request())), _word(".derived", "requestId"));
    }

    function test_ReportLeaf_MatchesTheVector() public view {
        RequestId id = RequestId.wrap(_word(".derived", "requestId"));
        bytes32 leaf = hasher.leaf(id, _hashOf("request"), _verdict(".derived.verdict"));
        assertEq(leaf, _word(".derived", "leaf"));
    }

    function test_PoolIds_MatchTheVectors() public view {
        string memory path = ".derived.pool";
        uint32 currency = uint32(_number(path, "currency"));
        Signers by = SignersLib.pack(uint32(_number(path, "epoch")), uint64(_number(path, "signers")));
        PoolId id = Pools.id(by, currency);
        assertEq(PoolId.unwrap(id), _word(path, "id"), "of an epoch");
        path = ".derived.rootPool";
        currency = uint32(_number(path, "currency"));
        id = Pools.id(_word(path, "root"), currency, uint8(_number(path, "quorum")));
        assertEq(PoolId.unwrap(id), _word(path, "id"), "of a root");
    }

    function test_ModelsByAPublisher_MatchTheVectors() public view {
        string memory path = ".derived.modelsBy";
        ModelId word = Models.by(_account(path, "publisher"), uint32(_number(path, "currency")));
        assertEq(ModelId.unwrap(word), _word(path, "word"));
    }

    function test_Times_AreTheVectors() public view {
        assertEq(Questions.MIN_OPEN, _number(".times", "minOpen"));
        assertEq(Questions.MAX_OPEN, _number(".times", "maxOpen"));
        assertEq(Questions.CLAIM_TIME, _number(".times", "claimTime"));
    }

    // What is signed

    function test_TypedBySubjects_MatchTheVectors() public view {
        AgreementId id = AgreementId.wrap(_hashOf("agreement"));
        _checkTyped("giving", Agreements.hashGiving(id, _number(".typed.giving.message", "deadline")));
        string memory message = ".typed.withdrawal.message";
        id = AgreementId.wrap(_word(message, "agreement"));
        _checkTyped("withdrawal", Agreements.hashWithdrawal(id, _number(message, "deadline")));
        message = ".typed.renewal.message";
        uint40 validUntil = uint40(_number(message, "validUntil"));
        _checkTyped("renewal", Agreements.hashRenewal(id, validUntil, _number(message, "deadline")));
        message = ".typed.erasure.message";
        (address by, bytes32 evidence) = (_account(message, "by"), _word(message, "evidence"));
        _checkTyped(".recordsDomain", "erasure", Agreements.hashErasure(id, by, evidence, _number(message, "deadline")));
    }

    function test_TypedForMany_MatchTheVectors() public view {
        bytes32[] memory ids = new bytes32[](2);
        (ids[0], ids[1]) = (_hashOf("agreement"), _hashOf("agreement"));
        _checkTyped("givingMany", Agreements.hashGivingMany(ids, _number(".typed.givingMany.message", "deadline")));
        ids[1] = keccak256("another agreement");
        uint256 until = _number(".typed.withdrawalOfMany.message", "deadline");
        _checkTyped("withdrawalOfMany", Agreements.hashWithdrawalOfMany(ids, until));
    }

    function test_TypedByControllers_MatchTheVectors() public view {
        string memory message = ".typed.asking.message";
        Question question = Questions.pack(_asked(message));
        AgreementId id = AgreementId.wrap(_word(message, "agreement"));
        _checkTyped("asking", Verdicts.hashAsking(id, question, uint96(_number(message, "tip"))));
    }

    function test_TypedByAttesters_MatchTheVectors() public view {
        string memory message = ".typed.joining.message";
        bytes32 joining = hasher.joining(
            _account(message, "operator"),
            _word(message, "sealKey"),
            vm.parseJsonString(json, string.concat(message, ".endpoint")),
            _number(message, "deadline")
        );
        _checkTyped(".committeeDomain", "joining", joining);
        message = ".typed.report.message";
        (uint32 epoch, uint32 count) = (_epoch(message), uint32(_number(message, "count")));
        _checkTyped("report", Verdicts.hashReport(epoch, count, _word(message, "root")));
    }

    function test_TypedByJudges_MatchTheVectors() public view {
        string memory message = ".typed.ruling.message";
        RequestId request = RequestId.wrap(_word(message, "request"));
        bool stands = vm.parseJsonBool(json, string.concat(message, ".stands"));
        Verdict memory verdict = Verdict(_word(message, "outcome"), _word(message, "score"), _word(message, "trail"));
        _checkTyped(".committeeDomain", "ruling", hasher.ruling(_epoch(message), request, stands, verdict));
    }

    /// @dev The tests above are of all that the file has: what is added to it wants a test.
    function test_NothingInTheFile_IsLeftOut() public view {
        assertEq(vm.parseJsonKeys(json, ".structs").length, 8, "structs");
        assertEq(vm.parseJsonKeys(json, ".derived").length, 6, "derived");
        assertEq(vm.parseJsonKeys(json, ".typed").length, 10, "typed");
        assertEq(vm.parseJsonKeys(json, "$").length, 9, "all");
    }

    // Internals

    function _checkTyped(string memory name, bytes32 structHash) private view {
        _checkTyped(".domain", name, structHash);
    }

    function _checkTyped(string memory domain, string memory name, bytes32 structHash) private view {
        string memory path = string.concat(".typed.", name);
        assertEq(structHash, _word(path, "structHash"), name);
        assertEq(MessageHashUtils.toTypedDataHash(_separator(domain), structHash), _word(path, "digest"), name);
    }

    function _separator(string memory domain) private view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(vm.parseJsonString(json, string.concat(domain, ".name")))),
                keccak256(bytes(vm.parseJsonString(json, string.concat(domain, ".version")))),
                _number(domain, "chainId"),
                _account(domain, "verifyingContract")
            )
        );
    }

    function _source(string memory path) private view returns (Source memory) {
        return Source({
            subject: _account(path, "subject"),
            holder: _account(path, "holder"),
            root: _word(path, "root"),
            notice: _word(path, "notice"),
            salt: _word(path, "salt")
        });
    }

    function _terms(string memory path) private view returns (Terms memory) {
        return Terms({
            model: ModelId.wrap(_word(path, "model")),
            purposes: _number(path, "purposes"),
            prohibited: _number(path, "prohibited"),
            scope: Scopes.pack(
                Scoped({
                    steps: uint8(_number(path, "steps")),
                    modifiers: uint32(_number(path, "modifiers")),
                    place: uint16(_number(path, "place")),
                    language: bytes2(vm.parseJsonBytes(json, string.concat(path, ".language"))),
                    erasure: vm.parseJsonBool(json, string.concat(path, ".erasure")),
                    disclosure: Disclosure(_number(path, "disclosure"))
                })
            ),
            validFrom: uint40(_number(path, "validFrom")),
            validUntil: uint40(_number(path, "validUntil")),
            uses: uint32(_number(path, "uses")),
            price: uint96(_number(path, "price"))
        });
    }

    function _request() private view returns (Request memory) {
        string memory values = ".structs.request.values";
        return Request({
            agreement: AgreementId.wrap(_word(values, "agreement")),
            controller: _account(values, "controller"),
            question: Question.wrap(_number(values, "question")),
            quote: Quote.wrap(_number(values, "quote"))
        });
    }

    function _schedule() private view returns (Schedule memory) {
        string memory values = ".structs.schedule.values";
        return Schedule({
            start: uint40(_number(values, "start")),
            interval: uint32(_number(values, "interval")),
            rounds: uint32(_number(values, "rounds")),
            window: uint32(_number(values, "window")),
            inBlocks: vm.parseJsonBool(json, string.concat(values, ".inBlocks")),
            catchUp: vm.parseJsonBool(json, string.concat(values, ".catchUp"))
        });
    }

    function _asked(string memory path) private view returns (Asked memory) {
        return Asked({
            use: uint32(_number(path, "use")),
            deadline: uint40(_number(path, "deadline")),
            purpose: uint8(_number(path, "purpose")),
            step: uint8(_number(path, "step")),
            callback: uint16(_number(path, "callback")),
            delivery: Delivery(_number(path, "delivery")),
            disclosure: Disclosure(_number(path, "disclosure")),
            modifiers: uint32(_number(path, "modifiers")),
            place: uint16(_number(path, "place"))
        });
    }

    function _quoted(string memory path) private view returns (Quoted memory) {
        return Quoted({
            outcomeCount: uint8(_number(path, "outcomeCount")),
            quorum: uint8(_number(path, "quorum")),
            royalty: uint16(_number(path, "royalty")),
            currency: uint32(_number(path, "currency")),
            fee: uint96(_number(path, "fee")),
            price: uint96(_number(path, "price"))
        });
    }

    function _verdict(string memory path) private view returns (Verdict memory) {
        return verdictOf(_number(path, "outcome"), _number(path, "score"), _word(path, "trail"));
    }

    function _epoch(string memory path) private view returns (uint32) {
        return uint32(_number(path, "epoch"));
    }

    function _hashOf(string memory name) private view returns (bytes32) {
        return _word(string.concat(".structs.", name), "hash");
    }

    function _word(string memory path, string memory key) private view returns (bytes32) {
        return vm.parseJsonBytes32(json, string.concat(path, ".", key));
    }

    function _account(string memory path, string memory key) private view returns (address) {
        return vm.parseJsonAddress(json, string.concat(path, ".", key));
    }

    function _number(string memory path, string memory key) private view returns (uint256) {
        return vm.parseJsonUint(json, string.concat(path, ".", key));
    }

    function _item(string memory path, uint256 i) private pure returns (string memory) {
        return string.concat(path, "[", vm.toString(i), "]");
    }
}
