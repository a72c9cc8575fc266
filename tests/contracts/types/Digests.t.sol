// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Agreement, Agreements, Source, Terms } from "../../../contracts/types/Agreement.sol";
import { Cases } from "../../../contracts/types/Case.sol";
import {
    AgreementId,
    ModelId,
    PoolId,
    RecordId,
    RequestId,
    SourceId,
    StandingId,
    TermsId
} from "../../../contracts/types/Ids.sol";
import { Model, Models } from "../../../contracts/types/Model.sol";
import { Pools } from "../../../contracts/types/Pool.sol";
import { Question } from "../../../contracts/types/Question.sol";
import { RecordIds } from "../../../contracts/types/Record.sol";
import { Rolls } from "../../../contracts/types/Roll.sol";
import { Scope, Scopes } from "../../../contracts/types/Scope.sol";
import { SignersLib } from "../../../contracts/types/Signers.sol";
import { StandingRequest, Standings } from "../../../contracts/types/Standing.sol";
import { Recording, Request, Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { AssentTest } from "../base/AssentTest.sol";

/// @notice What `Hasher` doesn't have.
contract MoreHashes {
    function requestId(Request calldata request) external pure returns (RequestId) {
        return Verdicts.id(request);
    }

    function recordOf(Source calldata source) external pure returns (RecordId) {
        return Agreements.recordOf(source);
    }

    function limits(Terms calldata terms) external pure returns (Scope, uint256, uint256) {
        return Agreements.limits(terms);
    }

    function mark(Recording calldata recording) external pure returns (RequestId, bytes22) {
        return Verdicts.mark(recording);
    }

    /// @return Whether hashing left alone what stood in memory before it, and what was put there after.
    function leavesMemoryAlone(
        Agreement calldata agreement,
        Request calldata request,
        Verdict calldata verdict,
        bytes calldata data
    ) external pure returns (bool) {
        bytes memory before = data;
        AgreementId id = Agreements.id(agreement);
        bytes memory between = data;
        Verdicts.leaf(Verdicts.id(request), Verdicts.commitment(request), verdict);
        bytes memory last = data;
        Agreements.hashGiving(id, 0);
        bytes32 digest = keccak256(data);
        bool same = keccak256(before) == digest && keccak256(between) == digest && keccak256(last) == digest;
        return same && AgreementId.unwrap(id) == AgreementId.unwrap(Agreements.id(agreement));
    }
}

/// @notice Each id and digest, however computed, equals its plain EIP-712 definition: by `abi.encode`, and by forge's own encoder.
contract DigestsTest is AssentTest {
    string private constant SOURCE = "Source(address subject,address holder,bytes32 root,bytes32 notice,bytes32 salt)";
    string private constant TERMS =
        "Terms(bytes32 model,uint256 purposes,uint256 prohibited,uint8 steps,uint32 modifiers,uint16 place,bytes2 language,bool erasure,uint8 disclosure,uint40 validFrom,uint40 validUntil,uint32 uses,uint96 price)";
    string private constant AGREEMENT = "Agreement(address controller,Source source,Terms terms)";
    string private constant GIVING = "Giving(Agreement agreement,uint256 deadline)";
    string private constant GIVING_MANY = "GivingMany(Agreement[] agreements,uint256 deadline)";
    string private constant WITHDRAWAL = "Withdrawal(bytes32 agreement,uint256 deadline)";
    string private constant WITHDRAWAL_OF_MANY = "WithdrawalOfMany(bytes32[] agreements,uint256 deadline)";
    string private constant ERASURE = "Erasure(bytes32 agreement,address by,bytes32 evidence,uint256 deadline)";
    string private constant RENEWAL = "Renewal(bytes32 agreement,uint40 validUntil,uint256 deadline)";
    string private constant RECORD = "Record(bytes32 root,address subject,address holder)";
    string private constant MODEL = "Model(address publisher,bytes32 files,bytes32 inputs,bytes32 outcomes,uint8 outcomeCount,uint8 quorum,"
        "uint24 tolerance,uint96 fee,address currency,uint16 royalty,address arbiter,uint96 cap)";
    string private constant JOINING = "Joining(address operator,bytes32 sealKey,string endpoint,uint256 deadline)";
    string private constant REQUEST = "Request(bytes32 agreement,address controller,uint256 question,uint256 quote)";
    string private constant REPORT = "Report(uint32 epoch,uint32 count,bytes32 root)";
    string private constant RULING =
        "Ruling(uint32 epoch,bytes32 request,bool stands,bytes32 outcome,bytes32 score,bytes32 trail)";
    string private constant ASKING =
        "Asking(bytes32 agreement,uint32 use,uint40 deadline,uint8 purpose,uint8 step,uint16 callback,uint8 delivery,uint8 disclosure,uint32 modifiers,uint16 place,uint96 tip)";
    string private constant SCHEDULE =
        "Schedule(uint40 start,uint32 interval,uint32 rounds,uint32 window,bool inBlocks,bool catchUp)";
    string private constant STANDING =
        "StandingRequest(bytes32 agreement,address controller,uint256 question,uint256 quote,Schedule schedule)";

    MoreHashes private more;

    function setUp() public override {
        super.setUp();
        more = new MoreHashes();
    }

    // What subjects say

    function testFuzz_SourceId_IsTheStructHash(Source memory any) public view {
        bytes32 id = SourceId.unwrap(hasher.sourceId(any));
        assertEq(id, keccak256(abi.encode(Agreements.SOURCE_TYPEHASH, any)), "abi.encode");
        assertEq(id, _hash(SOURCE, abi.encode(any)), "EIP-712");
    }

    function testFuzz_TermsId_IsTheStructHash(Terms memory any) public view {
        any.scope = _sound(any.scope);
        bytes32 id = TermsId.unwrap(hasher.termsId(any));
        assertEq(id, keccak256(bytes.concat(Agreements.TERMS_TYPEHASH, _apart(any))), "abi.encode");
        assertEq(id, _hash(TERMS, _apart(any)), "EIP-712");
    }

    /// @dev No bit of a scope is left out: another word is another id.
    function testFuzz_TermsId_DiffersByEachBitOfTheScope(Terms memory any, uint8 bit) public view {
        bytes32 id = TermsId.unwrap(hasher.termsId(any));
        any.scope = Scope.wrap(uint192(Scope.unwrap(any.scope) ^ 1 << (bit % 192)));
        assertNotEq(TermsId.unwrap(hasher.termsId(any)), id);
    }

    function testFuzz_AgreementId_IsTheStructHash(Agreement memory any) public view {
        any.terms.scope = _sound(any.terms.scope);
        bytes32 id = AgreementId.unwrap(hasher.agreementId(any));
        bytes memory encoded =
            abi.encode(Agreements.TYPEHASH, any.controller, hasher.sourceId(any.source), hasher.termsId(any.terms));
        assertEq(id, keccak256(encoded), "abi.encode");
        assertEq(id, _hash(string.concat(AGREEMENT, SOURCE, TERMS), _apart(any)), "EIP-712");
    }

    function testFuzz_AgreementId_IsThatOfItsParts(Agreement memory any) public view {
        AgreementId id = Agreements.id(hasher.sourceId(any.source), any.controller, hasher.termsId(any.terms));
        assertTrue(id == hasher.agreementId(any));
    }

    function testFuzz_Giving_IsTheStructHash(Agreement memory any, uint256 until) public view {
        any.terms.scope = _sound(any.terms.scope);
        string memory definition = string.concat(GIVING, AGREEMENT, SOURCE, TERMS);
        bytes32 giving = Agreements.hashGiving(hasher.agreementId(any), until);
        assertEq(giving, _hash(definition, bytes.concat(_apart(any), abi.encode(until))));
    }

    function testFuzz_Withdrawal_IsTheStructHash(bytes32 id, uint256 until) public pure {
        assertEq(Agreements.hashWithdrawal(AgreementId.wrap(id), until), _hash(WITHDRAWAL, abi.encode(id, until)));
    }

    /// @dev EIP-712: an array is hashed as its members' hashes, one after the other.
    function testFuzz_GivingMany_IsTheStructHash(bytes32[] memory ids, uint256 until) public pure {
        bytes32 typehash = vm.eip712HashType(string.concat(GIVING_MANY, AGREEMENT, SOURCE, TERMS));
        bytes32 wanted = keccak256(abi.encode(typehash, keccak256(abi.encodePacked(ids)), until));
        assertEq(Agreements.hashGivingMany(ids, until), wanted);
    }

    function testFuzz_WithdrawalOfMany_IsTheStructHash(bytes32[] memory ids, uint256 until) public pure {
        bytes32 typehash = vm.eip712HashType(WITHDRAWAL_OF_MANY);
        bytes32 wanted = keccak256(abi.encode(typehash, keccak256(abi.encodePacked(ids)), until));
        assertEq(Agreements.hashWithdrawalOfMany(ids, until), wanted);
    }

    function testFuzz_Renewal_IsTheStructHash(bytes32 id, uint40 validUntil, uint256 until) public pure {
        bytes32 wanted = _hash(RENEWAL, abi.encode(id, validUntil, until));
        assertEq(Agreements.hashRenewal(AgreementId.wrap(id), validUntil, until), wanted);
    }

    function testFuzz_Erasure_IsTheStructHash(bytes32 id, address by, bytes32 evidence, uint256 until) public pure {
        bytes32 wanted = _hash(ERASURE, abi.encode(id, by, evidence, until));
        assertEq(Agreements.hashErasure(AgreementId.wrap(id), by, evidence, until), wanted);
    }

    // What holders and publishers say

    function testFuzz_RecordId_IsTheStructHash(bytes32 root, address of_, address by) public pure {
        assertEq(RecordId.unwrap(RecordIds.id(root, of_, by)), _hash(RECORD, abi.encode(root, of_, by)));
    }

    function testFuzz_RecordId_IsThatOfTheSource(Source memory any) public view {
        assertTrue(more.recordOf(any) == RecordIds.id(any.root, any.subject, any.holder));
    }

    function testFuzz_ModelId_IsTheStructHash(Model memory any) public view {
        bytes32 id = ModelId.unwrap(hasher.modelId(any));
        assertEq(id, keccak256(abi.encode(Models.TYPEHASH, any)), "abi.encode");
        assertEq(id, _hash(MODEL, abi.encode(any)), "EIP-712");
    }

    // What controllers say

    function testFuzz_RequestId_IsTheHashOfAgreementAndUse(Agreement memory any, uint32 use) public view {
        AgreementId id = hasher.agreementId(any);
        bytes28 tag = bytes28(keccak256("Use(bytes32 agreement,uint32 use)"));
        RequestId wanted = RequestId.wrap(keccak256(abi.encodePacked(id, tag, use)));
        assertTrue(Verdicts.id(id, use) == wanted, "by agreement and use");
        assertTrue(assent.requestId(id, use) == wanted, "by the contract");
        SourceId source = hasher.sourceId(any.source);
    }

    function testFuzz_RequestId_IsThatOfTheRequest(Request memory any) public view {
        assertTrue(more.requestId(any) == Verdicts.id(any.agreement, any.question.use()));
    }

    function testFuzz_Commitment_IsTheStructHash(Request memory any) public view {
        bytes32 committed = hasher.commitment(any);
        assertEq(committed, keccak256(abi.encode(Verdicts.REQUEST_TYPEHASH, any)), "abi.encode");
        assertEq(committed, _hash(REQUEST, abi.encode(any)), "EIP-712");
        assertEq(committed, Verdicts.commitment(any.agreement, any.controller, any.question, any.quote), "of its parts");
    }

    function testFuzz_Asking_IsTheStructHash(bytes32 id, Question question, uint96 tip) public pure {
        bytes memory parts = abi.encode(
            id,
            question.use(),
            question.deadline(),
            question.purpose(),
            question.step(),
            question.callback(),
            question.delivery(),
            uint8(question.disclosure()),
            question.modifiers(),
            question.place(),
            tip
        );
        assertEq(Verdicts.hashAsking(AgreementId.wrap(id), question, tip), _hash(ASKING, parts));
    }

    function testFuzz_StandingId_IsTheStructHash(StandingRequest memory any) public pure {
        bytes32 schedule = keccak256(abi.encode(Standings.SCHEDULE_TYPEHASH, any.schedule));
        bytes memory encoded =
            abi.encode(Standings.TYPEHASH, any.agreement, any.controller, any.question, any.quote, schedule);
        bytes32 id = StandingId.unwrap(Standings.id(any));
        assertEq(id, keccak256(encoded), "abi.encode");
        assertEq(id, _hash(string.concat(STANDING, SCHEDULE), abi.encode(any)), "EIP-712");
    }

    // What operators say

    /// @dev A dynamic field is hashed by itself: forge's encoder takes no bare list of fields with one in it.
    function testFuzz_Joining_IsTheStructHash(address by, bytes32 sealKey, string memory endpoint, uint256 until)
        public
        view
    {
        bytes32 typehash = vm.eip712HashType(JOINING);
        bytes32 wanted = keccak256(abi.encode(typehash, by, sealKey, keccak256(bytes(endpoint)), until));
        assertEq(hasher.joining(by, sealKey, endpoint, until), wanted);
    }

    function testFuzz_Report_IsTheStructHash(uint32 epoch, uint32 count, bytes32 root) public pure {
        assertEq(Verdicts.hashReport(epoch, count, root), _hash(REPORT, abi.encode(epoch, count, root)));
    }

    function testFuzz_Ruling_IsTheStructHash(uint32 epoch, RequestId id, bool stands, Verdict memory verdict)
        public
        view
    {
        bytes memory encoded = abi.encode(epoch, id, stands, verdict.outcome, verdict.score, verdict.trail);
        assertEq(hasher.ruling(epoch, id, stands, verdict), _hash(RULING, encoded));
    }

    function testFuzz_Leaf_IsTheOneOfTheStandardTree(RequestId id, bytes32 committed, Verdict memory verdict)
        public
        view
    {
        bytes memory values = abi.encode(id, committed, verdict.outcome, verdict.score, verdict.trail);
        assertEq(hasher.leaf(id, committed, verdict), keccak256(abi.encodePacked(keccak256(values))));
    }

    function testFuzz_Mark_IsTheHeadOfTheHashOfLeafAndSigners(Recording memory any) public view {
        (RequestId id, bytes22 mark) = more.mark(any);
        assertTrue(id == Verdicts.id(any.request.agreement, any.request.question.use()), "id");
        bytes32 leaf = hasher.leaf(id, hasher.commitment(any.request), any.verdict);
        assertEq(mark, bytes22(keccak256(abi.encode(leaf, any.by))), "mark");
        assertEq(mark, Verdicts.mark(leaf, any.by), "of its parts");
    }

    // Pools

    function testFuzz_PoolId_HasCurrencyEpochAndSigners(uint32 epoch, uint64 signers, uint32 currency) public pure {
        bytes32 id = PoolId.unwrap(Pools.id(SignersLib.pack(epoch, signers), currency));
        assertEq(id, bytes32(abi.encodePacked(uint8(1), uint120(0), currency, epoch, signers)));
    }

    function testFuzz_PoolId_HasTheHashOfRootCurrencyAndQuorum(bytes32 root, uint32 currency, uint8 quorum)
        public
        pure
    {
        bytes32 id = PoolId.unwrap(Pools.id(root, currency, quorum));
        assertEq(id, bytes32(abi.encodePacked(uint8(2), bytes31(keccak256(abi.encode(root, currency, quorum))))));
    }

    /// @dev Whatever a quorum signs.
    function testFuzz_PoolId_OfOneKindIsNoneOfTheOther(
        uint32 epoch,
        uint64 signers,
        bytes32 root,
        uint32 currency,
        uint8 quorum
    ) public pure {
        PoolId ofSigners = Pools.id(SignersLib.pack(epoch, signers), currency);
        assertNotEq(PoolId.unwrap(ofSigners), PoolId.unwrap(Pools.id(root, currency, quorum)));
        PoolId alike = Pools.id(bytes32(uint256(epoch)), uint32(signers), uint8(currency));
        assertNotEq(PoolId.unwrap(ofSigners), PoolId.unwrap(alike));
    }

    function testFuzz_PoolId_IsThatOfTheContract(uint64 signers, bytes32 root, uint8 quorum) public view {
        assertEq(
            PoolId.unwrap(assent.poolOf(1, signers, address(0))),
            PoolId.unwrap(Pools.id(SignersLib.pack(1, signers), 0)),
            "of an epoch"
        );
        PoolId ofRoot = assent.poolOfRoot(root, address(0), quorum);
        assertEq(PoolId.unwrap(ofRoot), PoolId.unwrap(Pools.id(root, 0, quorum)), "of a root");
    }

    // What is read as it stands

    function testFuzz_Limits_AreTheFields(Terms memory any) public view {
        (Scope scope, uint256 validFrom, uint256 uses) = more.limits(any);
        assertEq(Scope.unwrap(scope), Scope.unwrap(any.scope), "scope");
        assertEq(validFrom, any.validFrom, "validFrom");
        assertEq(uses, any.uses, "uses");
    }

    function _sound(Scope any) private pure returns (Scope) {
        return Scope.wrap(uint192(Scope.unwrap(any) & (1 << Scopes.BITS) - 1));
    }

    /// @dev The terms as they are signed, the scope's parts apart.
    function _apart(Terms memory any) private pure returns (bytes memory) {
        uint256 scope = Scope.unwrap(any.scope);
        bytes2 language = bytes2(uint16(scope >> 56));
        (bool erasure, uint8 disclosure) = ((scope >> 72) & 1 != 0, uint8(scope >> 73));
        bytes memory scoped =
            abi.encode(uint8(scope), uint32(scope >> 8), uint16(scope >> 40), language, erasure, disclosure);
        bytes memory rest = abi.encode(any.validFrom, any.validUntil, any.uses, any.price);
        return bytes.concat(abi.encode(any.model, any.purposes, any.prohibited), scoped, rest);
    }

    function _apart(Agreement memory any) private pure returns (bytes memory) {
        return bytes.concat(abi.encode(any.controller, any.source), _apart(any.terms));
    }

    // All

    /// @dev The assembly writes beyond the free memory pointer; what is allocated before or after must not be disturbed, nor disturb it.
    function testFuzz_Hashing_LeavesMemoryAlone(
        Agreement memory any,
        Request memory request,
        Verdict memory verdict,
        bytes memory data
    ) public view {
        assertTrue(more.leavesMemoryAlone(any, request, verdict, data));
    }

    function test_TypeHashes_AreThoseOfTheTypes() public pure {
        string memory whole = string.concat(AGREEMENT, SOURCE, TERMS);
        assertEq(Agreements.SOURCE_TYPEHASH, vm.eip712HashType(SOURCE), "Source");
        assertEq(Agreements.TERMS_TYPEHASH, vm.eip712HashType(TERMS), "Terms");
        assertEq(Agreements.TYPEHASH, vm.eip712HashType(whole), "Agreement");
        assertEq(Agreements.GIVING_TYPEHASH, vm.eip712HashType(string.concat(GIVING, whole)), "Giving");
        assertEq(Agreements.GIVING_MANY_TYPEHASH, vm.eip712HashType(string.concat(GIVING_MANY, whole)), "GivingMany");
        assertEq(Agreements.WITHDRAWAL_TYPEHASH, vm.eip712HashType(WITHDRAWAL), "Withdrawal");
        assertEq(Agreements.WITHDRAWAL_OF_MANY_TYPEHASH, vm.eip712HashType(WITHDRAWAL_OF_MANY), "WithdrawalOfMany");
        assertEq(Agreements.RENEWAL_TYPEHASH, vm.eip712HashType(RENEWAL), "Renewal");
        assertEq(Agreements.ERASURE_TYPEHASH, vm.eip712HashType(ERASURE), "Erasure");
        assertEq(RecordIds.TYPEHASH, vm.eip712HashType(RECORD), "Record");
        assertEq(Models.TYPEHASH, vm.eip712HashType(MODEL), "Model");
        assertEq(Rolls.JOINING_TYPEHASH, vm.eip712HashType(JOINING), "Joining");
        assertEq(Verdicts.REQUEST_TYPEHASH, vm.eip712HashType(REQUEST), "Request");
        assertEq(Verdicts.ASKING_TYPEHASH, vm.eip712HashType(ASKING), "Asking");
        assertEq(Verdicts.REPORT_TYPEHASH, vm.eip712HashType(REPORT), "Report");
        assertEq(Cases.RULING_TYPEHASH, vm.eip712HashType(RULING), "Ruling");
        assertEq(Standings.SCHEDULE_TYPEHASH, vm.eip712HashType(SCHEDULE), "Schedule");
        assertEq(Standings.TYPEHASH, vm.eip712HashType(string.concat(STANDING, SCHEDULE)), "StandingRequest");
    }

    /// @dev No struct can be signed as another: of all that is signed, no two begin with the same type hash.
    function test_TypeHashes_OfWhatIsSigned_Differ() public pure {
        bytes32[10] memory hashes = [
            Agreements.ERASURE_TYPEHASH,
            Agreements.GIVING_TYPEHASH,
            Agreements.GIVING_MANY_TYPEHASH,
            Agreements.WITHDRAWAL_TYPEHASH,
            Agreements.WITHDRAWAL_OF_MANY_TYPEHASH,
            Agreements.RENEWAL_TYPEHASH,
            Rolls.JOINING_TYPEHASH,
            Verdicts.ASKING_TYPEHASH,
            Verdicts.REPORT_TYPEHASH,
            Cases.RULING_TYPEHASH
        ];
        for (uint256 i = 0; i < hashes.length; ++i) {
            for (uint256 j = 0; j < i; ++j) {
                assertNotEq(hashes[i], hashes[j]);
            }
        }
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

    function test_Domain_IsDescribed_GivenTheChainHasSplitOff() public {
        uint256 other = block.chainid + 1;
        vm.chainId(other);
        (,,, uint256 chainId, address verifying,,) = assent.eip712Domain();
        assertEq(chainId, other, "chain");
        assertEq(verifying, address(assent), "contract");
    }

    function _hash(string memory definition, bytes memory encoded) private pure returns (bytes32) {
        return vm.eip712HashStruct(definition, encoded);
    }
}
