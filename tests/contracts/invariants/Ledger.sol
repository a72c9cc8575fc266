// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IAssent } from "../../../contracts/interfaces/IAssent.sol";
import { Purposes } from "../../../contracts/libraries/Purposes.sol";
import { Agreement, AgreementState } from "../../../contracts/types/Agreement.sol";
import { Phase } from "../../../contracts/types/Case.sol";
import { AgreementId, ModelId, PoolId, RequestId, SourceId, StandingId } from "../../../contracts/types/Ids.sol";
import { Model } from "../../../contracts/types/Model.sol";
import { Quote, Quoted, Quotes } from "../../../contracts/types/Quote.sol";
import { CommitteeTerms, Place } from "../../../contracts/types/Roll.sol";
import { Signers } from "../../../contracts/types/Signers.sol";
import { StandingRequest } from "../../../contracts/types/Standing.sol";
import { Request, RequestState, Verdict } from "../../../contracts/types/Verdict.sol";
import { AssentTest } from "../base/AssentTest.sol";
import { Receiver } from "./Receiver.sol";

/// @notice When something happened: the handler's count of calls, and the time.
struct Moment {
    uint256 step;
    uint256 time;
}

struct KnownAgreement {
    Agreement terms;
    AgreementId id;
    SourceId source;
    uint256 modelAt;
    /// The purpose and step that requests under it name.
    uint8 purpose;
    uint8 step;
    Moment given;
    /// One past the last second of its validity, renewals counted.
    uint256 end;
    /// When it ended, by whom ever. Zero: never.
    Moment withdrawn;
    /// How it ended; `None` while it hasn't.
    AgreementState over;
    /// Verdicts that earn, and those settled.
    uint256 earning;
    uint256 settled;
}

struct KnownRequest {
    Request terms;
    RequestId id;
    uint256 agreementAt;
    RequestState state;
    Moment asked;
    /// When it was recorded, or ended without a verdict.
    Moment ended;
    /// When the committee answered: recorded the verdict, or anchored the report with it.
    uint256 answered;
    /// As `verdictOf` tells it: a correction is newer than the record.
    uint256 since;
    Verdict first;
    Verdict verdict;
    uint32 epoch;
    uint64 signers;
    /// Who signed the verdict as it stands: a correction's judges.
    Signers by;
    bool undelivered;
    bool deliveredFinally;
}

struct KnownCase {
    Phase phase;
    address challenger;
    address arbiter;
    uint256 until;
    uint64 judges;
    Verdict found;
}

struct KnownModel {
    Model terms;
    ModelId id;
    uint32 currency;
    bool deprecated;
}

struct KnownOperator {
    address account;
    address attester;
    uint256 stake;
    bool joined;
    bool resigned;
    Place place;
    uint256 lease;
    uint32 lastEpoch;
    uint32 convictedIn;
}

struct KnownPool {
    PoolId id;
    uint32 epoch;
    uint64 signers;
    uint32 currency;
    uint256 earned;
    uint256 since;
    uint256 collected;
}

struct KnownReport {
    bytes32 root;
    uint32 epoch;
    uint256[] requestsAt;
    Verdict[] verdicts;
    bytes32[] leaves;
}

struct KnownStanding {
    StandingRequest terms;
    StandingId id;
    uint256 agreementAt;
    bool active;
    uint32 opened;
    uint32 next;
}

/// @notice What the handler knows to have happened, kept apart from the contract, and what it therefore expects of each call.
abstract contract Ledger is AssentTest {
    uint256 public constant OPERATORS = 12;
    uint8 internal constant MAX_ROLL = 7;

    KnownAgreement[] internal agreements;
    KnownRequest[] internal requests;
    KnownModel[] internal models;
    KnownOperator[] internal operators;
    KnownPool[] internal pools;
    KnownReport[] internal reports;
    KnownStanding[] internal standings;
    /// One more than the place in the list.
    mapping(RequestId id => uint256 place) internal requestPlace;
    mapping(PoolId id => uint256 place) internal poolPlace;
    mapping(PoolId id => mapping(uint256 index => uint256 amount)) internal collectedBy;
    mapping(RequestId id => KnownCase it) internal cases;

    address[] internal attesters;
    mapping(address attester => address operator) public firstOperatorOf;
    uint32 internal epochNumber;
    /// The attesters with seats, and of the whole roll; and the operators of that.
    mapping(uint32 epoch => address[] members) internal membersAtRotation;
    mapping(uint32 epoch => address[] attesters) internal rollAttesters;
    mapping(uint32 epoch => address[] accounts) internal rollOperators;
    uint256 internal rotatedAt;
    mapping(uint32 epoch => uint256 time) internal formedAt;
    /// When an operator took its stake back last.
    mapping(address account => uint256 time) internal stakeTakenAt;
    mapping(uint32 epoch => uint256 time) internal signsUntil;
    mapping(uint32 epoch => uint256 time) internal bondedUntil;
    /// What the committee owes; the zero address's is nobody's.
    mapping(address account => uint256 amount) internal creditAt;
    /// What is left of what was taken at the conviction that ended an epoch.
    mapping(uint32 epoch => uint256 amount) internal keptAt;
    uint256 internal openBonds;
    uint256 internal committeeIn;
    uint256 internal committeeOut;
    address internal arbiter = makeAddr("arbiter");

    Receiver internal receiver;
    address[] internal controllers;
    /// By index; the zero address for ether.
    address[] internal currencies;
    /// Everyone who may have a balance.
    address[] internal accounts;
    mapping(address account => bool) private _isAccount;
    mapping(uint32 currency => mapping(address account => uint256 amount)) public owed;
    mapping(uint32 currency => uint256 amount) public paidIn;
    mapping(uint32 currency => uint256 amount) public paidOut;

    uint256 public steps;
    /// The first call that ended otherwise than expected.
    string public surprise;
    mapping(string action => uint256 times) public succeeded;
    mapping(string action => uint256 times) public refused;

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
        return attemptAt(action, address(assent), sender, value, data, expected);
    }

    function attemptAt(
        string memory action,
        address to,
        address sender,
        uint256 value,
        bytes memory data,
        bool expected
    ) internal returns (bool success) {
        if (value > 0) vm.deal(sender, sender.balance + value);
        bytes memory returned;
        vm.prank(sender);
        (success, returned) = to.call{ value: value }(data);
        if (success) {
            if (to == address(assent)) paidIn[0] += value;
            else committeeIn += value;
            ++succeeded[action];
        } else {
            ++refused[action];
        }
        if (success == expected) return success;
        surprised(string.concat(action, success ? " was let through " : " was refused ", vm.toString(returned)));
    }

    function surprised(string memory what) internal {
        if (bytes(surprise).length == 0) surprise = what;
    }

    /// @dev The only ways from state to state that there are.
    function move(KnownRequest storage made, RequestState to) internal {
        RequestState from = made.state;
        bool possible = from == RequestState.None && (to == RequestState.Requested || to == RequestState.Cancelled);
        if (from == RequestState.Requested) {
            possible = to == RequestState.Recorded || to == RequestState.Refused || to == RequestState.Expired;
        }
        if (from == RequestState.Recorded) possible = to == RequestState.Challenged;
        if (from == RequestState.Challenged) {
            possible = to == RequestState.Upheld || to == RequestState.Corrected || to == RequestState.Unjudged;
        }
        if (!possible) surprised("a request went a way that isn't there");
        made.state = to;
    }

    // Money

    function credit(uint32 currency, address account, uint256 amount) internal {
        owed[currency][account] += amount;
        knowAccount(account);
    }

    function knowAccount(address account) internal {
        if (_isAccount[account]) return;
        _isAccount[account] = true;
        accounts.push(account);
    }

    /// @dev What a set of signers earned, by reports of an epoch or by an anchored root.
    function earn(PoolId id, uint32 epoch, uint64 signers, uint32 currency, uint256 amount) internal {
        if (poolPlace[id] == 0) {
            pools.push(KnownPool(id, epoch, signers, currency, 0, time(), 0));
            poolPlace[id] = pools.length;
        }
        pools[poolPlace[id] - 1].earned += amount;
    }

    function operatorsPart(Quote quote) internal pure returns (uint256) {
        return quote.fee() - quote.royalty();
    }

    // What holds now

    function time() internal view returns (uint256) {
        return vm.getBlockTimestamp();
    }

    function moment() internal view returns (Moment memory) {
        return Moment(steps, vm.getBlockTimestamp());
    }

    function stands(KnownAgreement storage known) internal view returns (bool) {
        return known.given.step != 0 && known.withdrawn.step == 0 && time() < known.end;
    }

    /// @return Whether somebody ended it; its time doesn't count, for no deadline lies beyond that.
    function isOver(KnownAgreement storage known) internal view returns (bool) {
        return known.withdrawn.step != 0;
    }

    function permits(KnownAgreement storage known) internal view returns (bool) {
        if (!stands(known) || time() < known.terms.terms.validFrom) return false;
        return Purposes.permits(known.purpose, known.terms.terms.purposes, known.terms.terms.prohibited);
    }

    function quoteOf(KnownAgreement storage known) internal view returns (Quote) {
        KnownModel storage version = models[known.modelAt];
        return Quotes.pack(
            Quoted({
                outcomeCount: version.terms.outcomeCount,
                quorum: version.terms.quorum,
                royalty: version.terms.royalty,
                currency: version.currency,
                fee: version.terms.fee,
                price: known.terms.terms.price
            })
        );
    }

    /// @return Whether the committee lets it be challenged, with the bond.
    function challengeable(KnownRequest storage made) internal view returns (bool) {
        if (!contestable(made)) return false;
        uint256 size = rollAttesters[made.epoch].length;
        bool few = size - popCount(made.signers) < size / 2 + 1;
        return !few || models[agreements[made.agreementAt].modelAt].terms.arbiter != address(0);
    }

    function contestable(KnownRequest storage made) internal view returns (bool) {
        return made.state == RequestState.Recorded && time() <= made.since + CHALLENGE_WINDOW;
    }

    /// @return Whether the epoch before this one may still sign.
    function inGrace() internal view returns (bool) {
        return epochNumber > 1 && time() <= signsUntil[epochNumber - 1];
    }

    function serves(KnownOperator storage known) internal view returns (bool) {
        return known.joined && !known.resigned;
    }

    /// @dev On a roll that has room for few, with short leases.
    function committeeTerms(uint8 seats) internal view override returns (CommitteeTerms memory terms) {
        terms = super.committeeTerms(seats);
        (terms.maxRoll, terms.lease) = (MAX_ROLL, 5 days);
    }

    // Draws

    /// @dev A new number for each purpose from one seed.
    function draw(uint256 seed, string memory what, uint256 least, uint256 most) internal pure returns (uint256) {
        return _bound(uint256(keccak256(abi.encode(seed, what))), least, most);
    }

    function chance(uint256 seed, string memory what, uint256 oneIn) internal pure returns (bool) {
        return uint256(keccak256(abi.encode(seed, what))) % oneIn == 0;
    }

    /// @return One of few strangers: who sends makes no difference.
    function anyone(uint256 seed) internal returns (address) {
        return makeAddr(vm.toString(seed % 3));
    }

    /// @return signers A random set of just `wanted` of `size` members.
    function signersOf(uint256 seed, uint256 size, uint256 wanted) internal pure returns (uint64 signers) {
        for (uint256 i = 0; i < size; ++i) {
            bool taken = draw(seed, vm.toString(i), 1, size - i) <= wanted;
            if (!taken) continue;
            signers |= uint64(1 << i);
            --wanted;
        }
    }

    function popCount(uint256 bits) internal pure returns (uint256 count) {
        for (; bits != 0; bits >>= 1) {
            count += bits & 1;
        }
    }

    function waitUntil(uint256 when) internal {
        if (when <= time()) return;
        vm.roll(vm.getBlockNumber() + (when - time()) / 12 + 1);
        vm.warp(when);
    }

    function contractUnderTest() external view returns (IAssent) {
        return assent;
    }
}
