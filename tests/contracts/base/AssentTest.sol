// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IAssent } from "../../../contracts/interfaces/IAssent.sol";
import { ICases } from "../../../contracts/interfaces/ICases.sol";
import { ICommittee } from "../../../contracts/interfaces/ICommittee.sol";
import { IConflicts } from "../../../contracts/interfaces/IConflicts.sol";
import { IErasures } from "../../../contracts/interfaces/IErasures.sol";
import { IRecordRegistry } from "../../../contracts/interfaces/IRecordRegistry.sol";
import { ReportTree } from "../../../contracts/libraries/ReportTree.sol";
import { Agreement, Agreements, Source, Terms } from "../../../contracts/types/Agreement.sol";
import { Cases } from "../../../contracts/types/Case.sol";
import { AgreementId, ModelId, RecordId, RequestId, SourceId, TermsId } from "../../../contracts/types/Ids.sol";
import { Model, Models } from "../../../contracts/types/Model.sol";
import { Asked, Delivery, Disclosure, Question, Questions } from "../../../contracts/types/Question.sol";
import { Quote, Quoted, Quotes } from "../../../contracts/types/Quote.sol";
import { CommitteeTerms, Rolls } from "../../../contracts/types/Roll.sol";
import { Scopes, Steps } from "../../../contracts/types/Scope.sol";
import { Signers, SignersLib } from "../../../contracts/types/Signers.sol";
import { Under } from "../../../contracts/types/Standing.sol";
import { Attestation, Recording, Request, RequestState, Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { Signing } from "./Signing.sol";
import { verdictOf } from "./Verdict.sol";

/// @dev The contracts themselves aren't imported: who imports one is compiled as it is, and has a second artifact of it made.
interface Committee is ICommittee, ICases, IConflicts { }

/// @dev As `Committee`.
interface Records is IRecordRegistry, IErasures {
    function core() external view returns (IAssent);
}

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
        return Rolls.hashJoining(operator, sealKey, endpoint, deadline);
    }

    function ruling(uint256 epoch, RequestId id, bool stands, Verdict calldata verdict)
        external
        pure
        returns (bytes32)
    {
        return Cases.hashRuling(epoch, id, stands, verdict);
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

/// @notice The world that most tests start from: in epoch 1 four operators with seats and three in reserve, one model, one record, one
/// agreement (not yet given).
/// @dev Every signature is made here, by key; none is hard-coded. Time is read with `vm.getBlockTimestamp`, for the optimizer takes
/// `block.timestamp` to be the same before and after a `vm.warp`.
abstract contract AssentTest is Signing {
    uint256 internal constant FEE = 0.001 ether;
    uint96 internal constant STAKE = 1 ether;
    uint40 internal constant UNBONDING = 14 days;
    uint40 internal constant LEASE = 13 days;
    uint40 internal constant EPOCH_LENGTH = 1 hours;
    uint32 internal constant EPOCH_GRACE = 10 minutes;
    uint40 internal constant CHALLENGE_WINDOW = 1 days;
    uint40 internal constant JUDGING_TIME = 6 hours;
    uint40 internal constant RULING_TIME = 2 days;
    uint96 internal constant BOND = 0.1 ether;
    uint96 internal constant PENALTY = 0.5 ether;
    uint40 internal constant START = 1_800_000_000;
    bytes32 internal constant ROOT = keccak256("root");
    /// Of the default roll: those in reserve, and the one with a seat who isn't among the first three.
    uint64 internal constant JUDGES = 0x78;

    IAssent internal assent;
    Committee internal committee;
    Records internal records;
    Hasher internal hasher;

    address internal subject;
    uint256 internal subjectKey;
    address internal controller = makeAddr("controller");
    address internal holder = makeAddr("holder");
    address internal publisher = makeAddr("publisher");
    address internal stranger;
    uint256 internal strangerKey;
    address internal relayer = makeAddr("relayer");
    address internal challenger = makeAddr("challenger");

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

        hasher = new Hasher();
        assent = deploy(committeeSize());
        formCommittee(committeeSize());
        model = defaultModel(modelQuorum());
        modelId = publishAs(model);
        recordId = commitAs(holder, ROOT, subject);
        agreement = defaultAgreement();
        agreementId = hasher.agreementId(agreement);
    }

    /// @return How many have seats; no epoch has fewer.
    function committeeSize() internal pure virtual returns (uint8) {
        return 4;
    }

    /// @return How many more are on the roll.
    function reserveSize() internal pure virtual returns (uint8) {
        return 3;
    }

    function modelQuorum() internal pure virtual returns (uint8) {
        return 3;
    }

    /// @dev From the artifacts: with `new`, each test contract would carry the bytecode, and every build would compile it again. The committee
    /// and the records are made first, for the address that the core will have.
    function deploy(uint8 seats) internal virtual returns (IAssent) {
        address core = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 4);
        committee = Committee(vm.deployCode("Committee.sol:Committee", abi.encode(core, committeeTerms(seats))));
        records = Records(vm.deployCode("Records.sol:Records", abi.encode(core)));
        address agreements = vm.deployCode("AssentAgreements.sol:AssentAgreements", abi.encode(committee, records));
        address requests = vm.deployCode("AssentRequests.sol:AssentRequests", abi.encode(agreements, committee));
        return IAssent(vm.deployCode("Assent.sol:Assent", abi.encode(requests, committee)));
    }

    function committeeTerms(uint8 seats) internal view virtual returns (CommitteeTerms memory) {
        return CommitteeTerms({
            seats: seats,
            maxRoll: 64,
            minRoll: seats,
            minStake: STAKE,
            penalty: PENALTY,
            bond: BOND,
            window: CHALLENGE_WINDOW,
            judgingTime: JUDGING_TIME,
            rulingTime: RULING_TIME,
            start: 0,
            epochLength: EPOCH_LENGTH,
            lease: LEASE,
            grace: EPOCH_GRACE,
            unbonding: UNBONDING,
            admission: address(0)
        });
    }

    // Operators

    function operatorAt(uint256 i) internal returns (address operator) {
        operator = makeAddr(string.concat("operator", vm.toString(i)));
    }

    function attesterAt(uint256 i) internal returns (address attester, uint256 key) {
        return makeAddrAndKey(string.concat("attester", vm.toString(i)));
    }

    /// @dev So many with seats, and the reserve.
    function formCommittee(uint256 size) internal {
        for (uint256 i = 0; i < size + reserveSize(); ++i) {
            joinAs(i);
        }
        committee.rotate();
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
        bytes32 structHash = hasher.joining(operator, sealKey, "https://operator.example", until);
        bytes memory signature = signFor(domainSeparator(block.chainid, address(committee)), key, structHash);
        uint256 stake = committee.terms().minStake;
        vm.deal(operator, operator.balance + stake);
        vm.prank(operator);
        committee.join{ value: stake }(attester, sealKey, "https://operator.example", until, signature);
    }

    function resignAs(uint256 i) internal returns (address operator) {
        operator = operatorAt(i);
        vm.prank(operator);
        committee.resign();
    }

    /// @dev Starts epoch 2 with one operator more in reserve, or in place of one that resigned.
    function rotateToNext() internal {
        joinAs(committeeSize() + reserveSize());
        skip(committee.terms().epochLength);
        committee.rotate();
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
        return records.commit(root, of_, "https://vault.example");
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

    // Cases

    function challengeOf(Recording memory recording) internal {
        (uint256 bond, Under memory under) = (committee.terms().bond, underNow()); // calls, before the one by the challenger
        hoax(challenger, bond);
        committee.challenge{ value: bond }(recording, under);
    }

    function judge(Recording memory recording, Verdict memory verdict, bool stands, uint64 judges) internal {
        committee.judge(recording, verdict, stands, judges, rulings(recording, verdict, stands, judges));
    }

    /// @return signatures What these members of the roll of the recording's epoch find.
    function rulings(Recording memory recording, Verdict memory verdict, bool stands, uint64 judges)
        internal
        view
        returns (bytes memory signatures)
    {
        uint32 epoch = uint32(recording.by.epoch());
        (, address[] memory attesters) = committee.rollOf(epoch);
        RequestId id = Verdicts.id(recording.request.agreement, recording.request.question.use());
        bytes32 structHash = hasher.ruling(epoch, id, stands, verdict);
        return signAsMembers(attesters, judges, domainSeparator(block.chainid, address(committee)), structHash);
    }

    function judgedBy(Recording memory recording, uint64 judges) internal pure returns (Signers) {
        return Signers.wrap(recording.by.epoch() << 64 | judges);
    }

    function assertState(RequestId id, RequestState state) internal view {
        assertEq(uint8(assent.verdictOf(id).state), uint8(state), "state of the request");
    }

    /// @return The compact signature of an EIP-712 struct under the contract's domain.
    function sign(uint256 key, bytes32 structHash) internal view returns (bytes memory) {
        return signFor(domainSeparator(block.chainid, address(assent)), key, structHash);
    }
}
