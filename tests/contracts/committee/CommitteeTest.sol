// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Committee } from "../../../contracts/Committee.sol";
import { IAdmission } from "../../../contracts/interfaces/IAdmission.sol";
import { ICore } from "../../../contracts/interfaces/ICore.sol";
import { Ending } from "../../../contracts/types/Case.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { CommitteeTerms, Operator, Place, Roll, Rolls } from "../../../contracts/types/Roll.sol";
import { Under } from "../../../contracts/types/Standing.sol";
import { Recording, Verdict, Verdicts } from "../../../contracts/types/Verdict.sol";
import { Signing } from "../base/Signing.sol";

/// @notice Stands for the core: keeps what the committee tells it last, and knows which verdicts were recorded, and how.
contract CoreRecorder is ICore {
    enum State {
        None,
        Recorded,
        Contested,
        Ended
    }

    uint32 public number;
    uint8 public seats;
    uint8 public roll;
    address public members;
    address public committee;
    uint40 public previousSignsUntil;

    mapping(RequestId id => State) public states;
    mapping(RequestId id => bytes32) private _recordings;
    mapping(bytes32 under => address) public arbiters;
    mapping(RequestId id => Ending) public endings;
    mapping(RequestId id => bytes32) public corrections;
    mapping(RequestId id => uint64) public decidedBy;

    error Refused();

    function record(Recording calldata recording) external {
        RequestId id = Verdicts.id(recording.request);
        (states[id], _recordings[id]) = (State.Recorded, keccak256(abi.encode(recording)));
    }

    function name(Under calldata under, address arbiter) external {
        arbiters[keccak256(abi.encode(under))] = arbiter;
    }

    function setEpoch(uint32 number_, uint8 seats_, uint8 roll_, address members_, uint40 previousSignsUntil_)
        external
    {
        (number, seats, roll, members, previousSignsUntil) = (number_, seats_, roll_, members_, previousSignsUntil_);
    }

    function contest(Recording calldata recording, Under calldata under)
        external
        returns (RequestId id, address arbiter)
    {
        id = _is(recording, State.Recorded);
        states[id] = State.Contested;
        return (id, arbiters[keccak256(abi.encode(under))]);
    }

    function settleContest(Recording calldata recording, Ending ending, Verdict calldata verdict, uint64 judges)
        external
    {
        RequestId id = _is(recording, State.Contested);
        (states[id], endings[id], decidedBy[id]) = (State.Ended, ending, judges);
        if (ending == Ending.Corrected) corrections[id] = keccak256(abi.encode(verdict));
    }

    function isContested(Recording calldata recording, Verdict calldata other) external view returns (bool) {
        RequestId id = Verdicts.id(recording.request);
        if (uint256(other.outcome) > 1 || uint256(other.score) > 1_000_000) return false;
        return states[id] == State.Contested && _recordings[id] == keccak256(abi.encode(recording));
    }

    function _is(Recording calldata recording, State state) private view returns (RequestId id) {
        id = Verdicts.id(recording.request);
        if (states[id] != state || _recordings[id] != keccak256(abi.encode(recording))) revert Refused();
    }
}

/// @notice Admits all but those struck off.
contract Register is IAdmission {
    mapping(address operator => bool) public struck;

    function strike(address operator, bool off) external {
        struck[operator] = off;
    }

    function admits(address operator) external view returns (bool) {
        return !struck[operator];
    }
}

contract Joinings {
    function hash(address operator, bytes32 sealKey, string calldata endpoint, uint256 deadline)
        external
        pure
        returns (bytes32)
    {
        return Rolls.hashJoining(operator, sealKey, endpoint, deadline);
    }
}

/// @notice Five operators in epoch 1: three with seats, two in reserve; room for seven.
abstract contract CommitteeTest is Signing {
    uint96 internal constant STAKE = 4 ether;
    uint96 internal constant PENALTY = 2 ether;
    uint40 internal constant EPOCH_LENGTH = 7 days;
    uint40 internal constant LEASE = 14 days;
    uint40 internal constant GRACE = 1 hours;
    uint40 internal constant UNBONDING = 22 days;
    uint40 internal constant START = 1_800_000_000;
    string internal constant ENDPOINT = "https://operator.example";

    mapping(address operator => uint256 i) internal numberOf;
    mapping(uint256 i => address) private _operatorAt;
    mapping(uint256 i => address) private _attesterAt;

    Committee internal committee;
    CoreRecorder internal core = new CoreRecorder();
    Joinings internal joinings = new Joinings();

    function setUp() public virtual {
        vm.warp(START);
        make(defaultTerms());
        for (uint256 i = 0; i < 5; ++i) {
            joinAs(i, STAKE);
        }
        committee.rotate();
    }

    function defaultTerms() internal pure returns (CommitteeTerms memory) {
        return CommitteeTerms({
            seats: 3,
            maxRoll: 7,
            minRoll: 3,
            minStake: STAKE,
            penalty: PENALTY,
            bond: 0.016 ether,
            window: 3 days,
            judgingTime: 2 days,
            rulingTime: 7 days,
            start: 0,
            epochLength: EPOCH_LENGTH,
            lease: LEASE,
            grace: GRACE,
            unbonding: UNBONDING,
            admission: address(0)
        });
    }

    function make(CommitteeTerms memory terms) internal {
        committee = new Committee(core, terms);
    }

    /// @dev So many with a stake each, in epoch 1.
    function make(uint8 seats, uint8 maxRoll, uint256 size) internal {
        CommitteeTerms memory terms = defaultTerms();
        (terms.seats, terms.maxRoll) = (seats, maxRoll);
        make(terms);
        for (uint256 i = 0; i < size; ++i) {
            joinAs(i, STAKE);
        }
        committee.rotate();
    }

    /// @dev The operator with an index on an epoch's roll.
    function memberOf(uint32 epoch, uint256 index) internal view returns (address) {
        (, address[] memory attesters) = committee.rollOf(epoch);
        return committee.operatorOf(attesters[index]);
    }

    /// @dev Made once: campaigns ask for them a million times.
    function operatorAt(uint256 i) internal returns (address operator) {
        operator = _operatorAt[i];
        if (operator != address(0)) return operator;
        operator = makeAddr(string.concat("operator", vm.toString(i)));
        (_operatorAt[i], numberOf[operator]) = (operator, i);
    }

    function attesterAt(uint256 i) internal returns (address attester, uint256 key) {
        attester = _attesterAt[i];
        if (attester != address(0)) return (attester, keyOf[attester]);
        (attester, key) = makeAddrAndKey(string.concat("attester", vm.toString(i)));
        (_attesterAt[i], keyOf[attester]) = (attester, key);
    }

    function signedJoining(address operator, uint256 key, bytes32 sealKey) internal view returns (bytes memory) {
        bytes32 structHash = joinings.hash(operator, sealKey, ENDPOINT, vm.getBlockTimestamp());
        return signFor(domainSeparator(block.chainid, address(committee)), key, structHash);
    }

    function joinAs(uint256 i, uint256 stake) internal returns (address operator) {
        operator = operatorAt(i);
        (address attester, uint256 key) = attesterAt(i);
        bytes memory signature = signedJoining(operator, key, bytes32(i));
        uint256 until = vm.getBlockTimestamp();
        hoax(operator, stake);
        committee.join{ value: stake }(attester, bytes32(i), ENDPOINT, until, signature);
    }

    function renewAs(uint256 i) internal {
        vm.prank(operatorAt(i));
        committee.renew();
    }

    function resignAs(uint256 i) internal {
        vm.prank(operatorAt(i));
        committee.resign();
    }

    /// @dev Everyone up to `count` says that it is there, and the next epoch forms.
    function rotateWith(uint256 count) internal {
        vm.warp(committee.rotatableAt());
        for (uint256 i = 0; i < count; ++i) {
            if (infoAt(i).attester != address(0) && !infoAt(i).resigned) renewAs(i);
        }
        committee.rotate();
    }

    function infoAt(uint256 i) internal returns (Operator memory) {
        return committee.operatorInfo(operatorAt(i));
    }

    function assertPlace(uint256 i, Place place) internal {
        assertEq(uint8(infoAt(i).place), uint8(place), string.concat("place of ", vm.toString(i)));
    }

    /// @dev The operators of the current roll, in its order, as their numbers.
    function assertRoll(uint256 seats, uint256[] memory expected) internal {
        uint32 epoch = committee.currentEpoch();
        (Roll memory roll, address[] memory attesters) = committee.rollOf(epoch);
        assertEq(roll.size, expected.length, "size");
        assertEq(roll.seats, seats, "seats");
        assertEq(roll.bondedUntil, 0, "bonded");
        for (uint256 i = 0; i < expected.length; ++i) {
            (address attester,) = attesterAt(expected[i]);
            assertEq(attesters[i], attester, string.concat("attester ", vm.toString(i)));
            assertEq(committee.operatorOf(attesters[i]), operatorAt(expected[i]), "operator");
            assertPlace(expected[i], Place.Roll);
        }
        assertEq(core.number(), epoch, "core: epoch");
        assertEq(core.seats(), seats, "core: seats");
        assertEq(core.roll(), expected.length, "core: size");
        assertEq(core.members(), roll.members, "core: members");
    }

    function list(uint256 from, uint256 to) internal pure returns (uint256[] memory numbers) {
        numbers = new uint256[](to - from);
        for (uint256 i = 0; i < numbers.length; ++i) {
            numbers[i] = from + i;
        }
    }
}
