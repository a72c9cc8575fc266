// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IAssent } from "../../../contracts/interfaces/IAssent.sol";
import { ReportTree } from "../../../contracts/libraries/ReportTree.sol";
import { Agreement, Agreements, Source, Terms } from "../../../contracts/types/Agreement.sol";
import { ChallengeTerms, Reference } from "../../../contracts/types/Challenge.sol";
import {
    AgreementId,
    ModelId,
    RecordId,
    RequestId,
    SourceId,
    StandingId,
    TermsId
} from "../../../contracts/types/Ids.sol";
import { Model, Models } from "../../../contracts/types/Model.sol";
import { Operators, Policy } from "../../../contracts/types/Operator.sol";
import { Asked, Delivery, Disclosure, Question, Questions } from "../../../contracts/types/Question.sol";
import { Quote, Quoted, Quotes } from "../../../contracts/types/Quote.sol";
import { Scopes, Steps } from "../../../contracts/types/Scope.sol";
import { Signers, SignersLib } from "../../../contracts/types/Signers.sol";
import { StandingRequest, Standings, Under } from "../../../contracts/types/Standing.sol";
import {
    Answer,
    Attestation,
    Recording,
    Request,
    RequestState,
    Verdict,
    Verdicts
} from "../../../contracts/types/Verdict.sol";
import { Signing } from "./Signing.sol";
import { verdictOf } from "./Verdict.sol";

/// @notice Exposes the id functions, which take calldata.
contract Hasher {
    using Agreements for Agreement;
    using Models for Model;
    using Verdicts for Request;

    function agreementId(Agreement calldata agreement) external pure returns (AgreementId) {
        return agreement.id();
    }

    function sourceId(Source calldata source) external pure returns (SourceId) {
        return Agreements.sourceId(source);
    }

    function termsId(Terms calldata terms) external pure returns (TermsId) {
        return Agreements.termsId(terms);
    }

    function joining(address operator, bytes32 sealKey, string calldata endpoint, uint256 deadline)
        external
        pure
        returns (bytes32)
    {
        return Operators.hashJoining(operator, sealKey, endpoint, deadline);
    }

    function amendment(uint32 epoch, Policy calldata policy, uint256 deadline) external pure returns (bytes32) {
        return Operators.hashAmendment(epoch, policy, deadline);
    }

    function root(bytes32[] calldata leaves) external pure returns (bytes32) {
        return ReportTree.root(leaves);
    }

    function climb(bytes32 from, bytes32[] calldata proof) external pure returns (bytes32) {
        return ReportTree.climb(from, proof);
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

/// @notice The world that most tests start from: four operators in epoch 1, one model, one record, one agreement (not yet given).
/// @dev Every signature is made here, by key; none is hard-coded. Time is read with `vm.getBlockTimestamp`, for the optimizer takes
/// `block.timestamp` to be the same before and after a `vm.warp`.
abstract contract AssentTest is Signing {
    uint256 internal constant FEE = 0.001 ether;
    uint96 internal constant STAKE = 1 ether;
    uint40 internal constant UNBONDING = 14 days;
    uint40 internal constant EPOCH_LENGTH = 1 hours;
    uint32 internal constant EPOCH_GRACE = 10 minutes;
    uint40 internal constant CHALLENGE_WINDOW = 1 days;
    uint40 internal constant REVIEW_TIME = 6 hours;
    uint96 internal constant BOND = 0.1 ether;
    uint96 internal constant PENALTY = 0.5 ether;
    uint40 internal constant START = 1_800_000_000;
    bytes32 internal constant ROOT = keccak256("root");

    IAssent internal assent;
    Hasher internal hasher;

    address internal subject;
    uint256 internal subjectKey;
    address internal controller = makeAddr("controller");
    address internal holder = makeAddr("holder");
    address internal publisher = makeAddr("publisher");
    address internal stranger;
    uint256 internal strangerKey;
    address internal relayer = makeAddr("relayer");

    uint8 internal purposeAgreed;
    Model internal model;
    ModelId internal modelId;
    RecordId internal recordId;
    Agreement internal agreement;
    AgreementId internal agreementId;

    mapping(RequestId id => Recording) private _recordings;

    function setUp() public virtual {
        vm.warp(START);
        vm.roll(100);
        (subject, subjectKey) = makeAddrAndKey("subject");
        (stranger, strangerKey) = makeAddrAndKey("stranger");
        vm.deal(controller, 100 ether);
        purposeAgreed = purposeNamed("ImproveHealthcare");

        assent = deploy(committeeSize());
        hasher = new Hasher();
        formCommittee(committeeSize());
        model = defaultModel(modelQuorum());
        modelId = publishAs(model);
        recordId = commitAs(holder, ROOT, subject);
        agreement = defaultAgreement();
        agreementId = hasher.agreementId(agreement);
    }

    function committeeSize() internal pure virtual returns (uint16) {
        return 4;
    }

    function modelQuorum() internal pure virtual returns (uint8) {
        return 3;
    }

    /// @dev From the artifacts: with `new`, each test contract would carry the bytecode, and every build would compile it again.
    function deploy(uint16 minMembers) internal virtual returns (IAssent) {
        ChallengeTerms memory challenges = ChallengeTerms(CHALLENGE_WINDOW, REVIEW_TIME, BOND, PENALTY);
        address consents = vm.deployCode("AssentConsents.sol:AssentConsents");
        address desk = vm.deployCode("AssentDesk.sol:AssentDesk", abi.encode(consents, challenges));
        address registries = vm.deployCode("AssentRegistries.sol:AssentRegistries", abi.encode(desk));
        return IAssent(vm.deployCode("Assent.sol:Assent", abi.encode(registries, defaultPolicy(minMembers))));
    }

    function defaultPolicy(uint16 minMembers) internal pure returns (Policy memory) {
        return Policy(STAKE, minMembers, UNBONDING, EPOCH_LENGTH, EPOCH_GRACE);
    }

    // Operators

    function operatorAt(uint256 i) internal returns (address operator) {
        operator = makeAddr(string.concat("operator", vm.toString(i)));
    }

    function attesterAt(uint256 i) internal returns (address attester, uint256 key) {
        return makeAddrAndKey(string.concat("attester", vm.toString(i)));
    }

    function formCommittee(uint256 size) internal virtual {
        for (uint256 i = 0; i < size; ++i) {
            joinAs(i);
        }
        assent.rotate();
    }

    function joinAs(uint256 i) internal returns (address operator) {
        operator = operatorAt(i);
        (address attester, uint256 key) = attesterAt(i);
        keyOf[attester] = key;
        join(operator, attester, key);
    }

    function join(address operator, address attester, uint256 key) internal {
        bytes32 sealKey = keccak256(abi.encode("seal", operator));
        uint256 until = vm.getBlockTimestamp();
        bytes memory signature = sign(key, hasher.joining(operator, sealKey, "https://operator.example", until));
        vm.deal(operator, operator.balance + STAKE);
        vm.prank(operator);
        assent.join{ value: STAKE }(attester, sealKey, "https://operator.example", until, signature);
    }

    function resignAs(uint256 i) internal returns (address operator) {
        operator = operatorAt(i);
        vm.prank(operator);
        assent.resign();
    }

    /// @dev Starts epoch 2 with one operator more.
    function rotateToNext() internal {
        joinAs(committeeSize());
        skip(EPOCH_LENGTH);
        assent.rotate();
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
            fee: uint96(FEE),
            currency: address(0),
            royalty: 0,
            arbiter: address(0),
            cap: 0
        });
    }

    function defaultAgreement() internal view returns (Agreement memory) {
        return Agreement({
            controller: controller,
            source: Source({
                subject: subject, holder: holder, root: ROOT, notice: keccak256("notice"), salt: keccak256("salt")
            }),
            terms: Terms({
                model: modelId,
                purposes: 1 << purposeAgreed,
                prohibited: 0,
                scope: Scopes.ofSteps(1 << Steps.INFER),
                validFrom: START - 1 days,
                validUntil: START + 365 days,
                uses: 100,
                price: 0
            })
        });
    }

    /// @return The bit of a DPV purpose, by its name.
    function purposeNamed(string memory term) internal view returns (uint8) {
        string[] memory terms = vm.parseJsonStringArray(vm.readFile("tests/vectors/purposes.json"), ".terms");
        for (uint256 bit = 0; bit < terms.length; ++bit) {
            if (keccak256(bytes(terms[bit])) == keccak256(bytes(term))) return uint8(bit);
        }
        revert(term);
    }

    function publishAs(Model memory version) internal returns (ModelId) {
        vm.prank(version.publisher);
        return assent.publish(version, "https://models.example/screening");
    }

    function commitAs(address by, bytes32 root, address of_) internal returns (RecordId) {
        vm.prank(by);
        return assent.commit(root, of_, "https://vault.example");
    }

    /// @dev Gives `agreement` as it reads now.
    function give() internal {
        agreementId = hasher.agreementId(agreement);
        vm.prank(agreement.source.subject);
        assent.give(agreement);
    }

    function withdraw() internal {
        vm.prank(agreement.source.subject);
        assent.withdraw(agreement);
    }

    // Requests and reports

    function deadline() internal view returns (uint40) {
        return uint40(vm.getBlockTimestamp() + 1 hours);
    }

    /// @dev Makes a request of `agreement` as use `use`, paid with ether.
    function ask(uint32 use) internal returns (Request memory request, RequestId id) {
        return ask(defaultQuestion(use));
    }

    function ask(Question question) internal returns (Request memory request, RequestId id) {
        request = expectedRequest(question);
        SourceId source = hasher.sourceId(agreement.source);
        vm.prank(agreement.controller);
        id = assent.request{ value: request.quote.total() }(source, agreement.terms, question);
    }

    function asked(uint32 use) internal view returns (Asked memory) {
        return Asked({
            use: use,
            deadline: _askable(),
            purpose: purposeAgreed,
            step: Steps.INFER,
            callback: 0,
            delivery: Delivery.Recorded,
            disclosure: Disclosure.Everything,
            modifiers: 0,
            place: 0
        });
    }

    /// @dev In an hour; if the agreement ends before, in its last second.
    function _askable() private view returns (uint40) {
        uint40 last = agreement.terms.validUntil - 1;
        return last > vm.getBlockTimestamp() && last < deadline() ? last : deadline();
    }

    function defaultQuestion(uint32 use) internal view returns (Question) {
        return Questions.pack(asked(use));
    }

    function expectedQuote() internal view returns (Quote) {
        return Quotes.pack(
            Quoted({
                outcomeCount: model.outcomeCount,
                quorum: model.quorum,
                royalty: model.royalty,
                currency: 0,
                fee: model.fee,
                price: agreement.terms.price
            })
        );
    }

    function expectedRequest(uint32 use) internal view returns (Request memory) {
        return expectedRequest(defaultQuestion(use));
    }

    function expectedRequest(Question question) internal view returns (Request memory) {
        return Request(agreementId, agreement.controller, question, expectedQuote());
    }

    function named(uint32 use) internal view returns (Reference memory) {
        return Reference(hasher.sourceId(agreement.source), agreement.controller, agreement.terms, use);
    }

    /// @return `agreement` as its controller names it.
    function underNow() internal view returns (Under memory) {
        return Under(hasher.sourceId(agreement.source), agreement.terms);
    }

    function defaultVerdict() internal pure returns (Verdict memory) {
        return verdictOf(1, 987_654, keccak256("trail"));
    }

    /// @dev Signs a report of this one verdict with the members named in the bitmap.
    function attest(Request memory request, Verdict memory verdict, uint64 signers)
        internal
        view
        returns (Attestation memory)
    {
        return attestRoot(assent.currentEpoch().number, leafOf(request, verdict), signers);
    }

    function attestRoot(uint32 epoch, bytes32 root, uint64 signers) internal view returns (Attestation memory) {
        return attestReport(epoch, Verdicts.hashReport(epoch, 1, root), signers);
    }

    /// @dev The epoch's members sign the struct hash, whatever it says.
    function attestReport(uint32 epoch, bytes32 structHash, uint64 signers) internal view returns (Attestation memory) {
        bytes32 separator = domainSeparator(block.chainid, address(assent));
        bytes memory signatures = signAsMembers(assent.membersOf(epoch), signers, separator, structHash);
        return Attestation(SignersLib.pack(epoch, signers), signatures);
    }

    function leafOf(Request memory request, Verdict memory verdict) internal view returns (bytes32) {
        RequestId id = Verdicts.id(request.agreement, request.question.use());
        return hasher.leaf(id, hasher.commitment(request), verdict);
    }

    /// @return What a recorded request's slot has of it, told from what ADR 17 says, not with the contract's library.
    function markOf(Request memory request, Verdict memory verdict, Signers by) internal view returns (bytes22) {
        return bytes22(keccak256(abi.encode(leafOf(request, verdict), by)));
    }

    function record(Request memory request, Verdict memory verdict, Attestation memory attestation) internal {
        vm.prank(relayer);
        assent.record(request, verdict, attestation);
        keep(request, verdict, attestation.by);
    }

    function keep(Request memory request, Verdict memory verdict, Signers by) internal {
        _recordings[Verdicts.id(request.agreement, request.question.use())] = Recording(request, verdict, by);
    }

    /// @return How it was recorded last, here or by who kept it.
    function recordingOf(RequestId id) internal view returns (Recording memory) {
        return _recordings[id];
    }

    /// @dev Requests and records the default verdict.
    function askAndRecord(uint32 use, uint64 signers) internal returns (Request memory request, RequestId id) {
        (request, id) = ask(use);
        record(request, defaultVerdict(), attest(request, defaultVerdict(), signers));
    }

    function assertState(RequestId id, RequestState state) internal view {
        assertEq(uint8(assent.verdictOf(id).state), uint8(state), "state of the request");
    }

    /// @return The compact signature of an EIP-712 struct under the contract's domain.
    function sign(uint256 key, bytes32 structHash) internal view returns (bytes memory) {
        return signFor(domainSeparator(block.chainid, address(assent)), key, structHash);
    }
}
