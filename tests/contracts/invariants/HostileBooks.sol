// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Agreement, AgreementStatus } from "../../../contracts/types/Agreement.sol";
import { Phase } from "../../../contracts/types/Case.sol";
import { PoolId, RequestId, SourceId } from "../../../contracts/types/Ids.sol";
import { Model, Models } from "../../../contracts/types/Model.sol";
import { Pool, Pools } from "../../../contracts/types/Pool.sol";
import { Quote } from "../../../contracts/types/Quote.sol";
import { SignersLib } from "../../../contracts/types/Signers.sol";
import { StandingRequest, StandingStatus, Standings } from "../../../contracts/types/Standing.sol";
import { Request, RequestState } from "../../../contracts/types/Verdict.sol";
import { AssentTest } from "../base/AssentTest.sol";
import { Token } from "./Token.sol";

/// @notice What the contracts owe in each currency, summed from what they say themselves, and not from what anybody expects of a call: whatever
/// the committee signed, it is what they have.
/// @dev Small on purpose: three seats, of whom two are a majority, three in reserve, and as many tokens as there are bitmaps of three signers.
abstract contract HostileBooks is AssentTest {
    uint32 internal constant TOKENS = 7;
    uint256 internal constant OPERATORS = 8;
    uint256 private constant DEPOSIT = 1000 ether;
    /// Places in the core's storage.
    uint256 private constant REQUESTS = 7;
    uint256 private constant EPOCH = 13;

    struct Asked_ {
        Request request;
        RequestId id;
    }

    struct Under_ {
        Agreement agreement;
        SourceId source;
        Quote quote;
    }

    /// By the currency's index; the zero address for ether.
    address[] internal currencies;
    Model[] internal versions;
    Under_[] internal given;
    Asked_[] internal requests;
    RequestId[] internal ids;
    StandingRequest[] internal standings;
    PoolId[] internal pools;
    mapping(PoolId id => bool) internal isKnown;
    mapping(PoolId id => uint256 amount) internal collected;
    address[] internal accounts;
    address internal victim = makeAddr("victim");
    address internal arbiter = makeAddr("arbiter");

    function committeeSize() internal pure override returns (uint8) {
        return 3;
    }

    function modelQuorum() internal pure override returns (uint8) {
        return 2;
    }

    function setUp() public virtual override {
        super.setUp();
        accounts = [address(0), victim, controller, subject, publisher, relayer, stranger, holder, arbiter];
        accounts.push(challenger);
        accounts.push(address(committee));
        for (uint256 i = 0; i < OPERATORS; ++i) {
            accounts.push(operatorAt(i));
        }
        for (uint32 i = 0; i <= TOKENS; ++i) {
            currencies.push(i == 0 ? address(0) : address(new Token(vm.toString(i))));
            _publishIn(i);
            deposit(victim, i, DEPOSIT);
            deposit(controller, i, DEPOSIT);
        }
    }

    /// @dev The last is for all three.
    function _publishIn(uint32 currency) private {
        Model memory version = defaultModel(currency == TOKENS ? 3 : 2);
        (version.files, version.currency) = (keccak256(abi.encode(currency)), currencies[currency]);
        if (currency % 2 == 1) version.arbiter = arbiter;
        (version.fee, version.royalty) = (uint96(uint256(currency + 1) * 1e15 + 1), uint16(currency * 500));
        publishAs(version);
        assertEq(assent.currencyAt(currency), currencies[currency], "index");
        versions.push(version);
        giveFor(currency, 0);
    }

    function giveFor(uint32 currency, uint256 salt) internal {
        Agreement memory one = agreement;
        one.terms.model = hasher.modelId(versions[currency]);
        one.terms.price = uint96(uint256(currency) * 1e14);
        one.terms.validUntil = uint40(vm.getBlockTimestamp() + 300 days);
        one.source.salt = bytes32(salt);
        vm.prank(subject);
        assent.give(one);
        given.push(Under_(one, hasher.sourceId(one.source), assent.quote(one.terms)));
    }

    function deposit(address account, uint32 currency, uint256 amount) internal {
        if (currency == 0) {
            vm.deal(relayer, relayer.balance + amount);
            vm.prank(relayer);
            assent.deposit{ value: amount }(account, address(0), amount);
            return;
        }
        Token(currencies[currency]).mint(relayer, amount);
        vm.startPrank(relayer);
        Token(currencies[currency]).approve(address(assent), amount);
        assent.deposit(account, currencies[currency], amount);
        vm.stopPrank();
    }

    // What must hold

    function eachCurrencyIsConservedApart() external view {
        uint256[] memory owed = new uint256[](TOKENS + 1);
        _addRequests(owed);
        _addStandings(owed);
        _addAgreements(owed);
        for (uint256 i = 0; i < pools.length; ++i) {
            Pool memory pool = assent.poolInfo(pools[i]);
            owed[pool.currency] += pool.earned - collected[pools[i]];
        }
        for (uint32 currency = 0; currency <= TOKENS; ++currency) {
            for (uint256 i = 0; i < accounts.length; ++i) {
                owed[currency] += assent.balanceOf(accounts[i], currencies[currency]);
            }
            assertEq(heldOf(currency), owed[currency], vm.toString(currency));
        }
    }

    /// @dev C1: its own account is all that it has.
    function theCommitteeHasWhatItOwes() external view {
        uint256 owed = 0;
        for (uint256 i = 0; i < OPERATORS; ++i) {
            owed += committee.operatorInfo(operatorIn(i)).stake;
        }
        for (uint256 i = 0; i < ids.length; ++i) {
            Phase phase = committee.caseOf(ids[i]).phase;
            if (phase == Phase.Open || phase == Phase.Stands || phase == Phase.False) owed += BOND;
        }
        for (uint256 i = 0; i < accounts.length; ++i) {
            owed += committee.creditOf(accounts[i]);
        }
        for (uint32 epoch = 1; epoch <= committee.currentEpoch(); ++epoch) {
            owed += committee.keptOf(epoch);
        }
        assertEq(address(committee).balance, owed, "committee");
    }

    /// @dev C2: the committee's word writes what the core knows of epochs, and slots of verdicts; none of a balance, pool, escrow or agreement.
    /// Slots by their places in `State`, which `Layout.t.sol` would find changed.
    function isTold(bytes32 slot) internal view returns (bool) {
        if (uint256(slot) == EPOCH) return true;
        uint32 current = committee.currentEpoch();
        for (uint32 number = current < 2 ? 0 : current - 2; number <= current; ++number) {
            if (slot == keccak256(abi.encode(number, EPOCH + 1))) return true;
            if (slot == keccak256(abi.encode(number, EPOCH + 2))) return true;
        }
        for (uint256 i = ids.length; i != 0; --i) {
            if (slot == keccak256(abi.encode(ids[i - 1], REQUESTS))) return true;
        }
        return false;
    }

    /// @dev A pool of signers is theirs, of their epoch, and in the currency by which it is named.
    function eachPoolIsWhatItsNameSays() external view {
        for (uint256 i = 0; i < pools.length; ++i) {
            if (uint256(PoolId.unwrap(pools[i])) >> 248 != 1) continue;
            Pool memory pool = assent.poolInfo(pools[i]);
            PoolId name = Pools.id(SignersLib.pack(pool.epoch, pool.signers), pool.currency);
            assertEq(PoolId.unwrap(name), PoolId.unwrap(pools[i]), "name");
        }
    }

    /// @dev Who has nothing to do with the committee can have its own back, in every currency.
    function theVictimHasItsDeposit() external view {
        for (uint32 currency = 0; currency <= TOKENS; ++currency) {
            assertEq(assent.balanceOf(victim, currencies[currency]), DEPOSIT, vm.toString(currency));
            assertGe(heldOf(currency), DEPOSIT, vm.toString(currency));
        }
    }

    function heldOf(uint32 currency) internal view returns (uint256) {
        return currency == 0 ? address(assent).balance : Token(currencies[currency]).balanceOf(address(assent));
    }

    function operatorIn(uint256 place) internal view returns (address) {
        return accounts[accounts.length - OPERATORS + place];
    }

    function _addRequests(uint256[] memory owed) private view {
        RequestState[] memory states = assent.statesOf(ids);
        for (uint256 i = 0; i < states.length; ++i) {
            Quote quote = requests[i].request.quote;
            if (states[i] == RequestState.Requested) owed[quote.currency()] += quote.total();
        }
    }

    function _addStandings(uint256[] memory owed) private view {
        for (uint256 i = 0; i < standings.length; ++i) {
            StandingRequest storage standing = standings[i];
            StandingStatus memory status = assent.standingStatus(Standings.id(standing));
            if (!status.active) continue;
            owed[standing.quote.currency()] += standing.quote.total() * (standing.schedule.rounds - status.opened);
        }
    }

    function _addAgreements(uint256[] memory owed) private view {
        for (uint256 i = 0; i < given.length; ++i) {
            AgreementStatus memory status = assent.agreementStatus(hasher.agreementId(given[i].agreement));
            Quote quote = given[i].quote;
            owed[quote.currency()] += (status.earning - status.settled) * (quote.price() + quote.royalty());
        }
    }
}
