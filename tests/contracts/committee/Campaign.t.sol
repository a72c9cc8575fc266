// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ICases } from "../../../contracts/interfaces/ICases.sol";
import { Case, Ending, Phase } from "../../../contracts/types/Case.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { CommitteeTerms, Operator, Place, Roll } from "../../../contracts/types/Roll.sol";
import { Recording, Verdict } from "../../../contracts/types/Verdict.sol";
import { BenchTest } from "./BenchTest.sol";

/// @notice A committee of which some are corrupt, and sign anything: verdicts, rulings, with whoever joins them. So does the arbiter. The others
/// sign what is true. After each of many acts, drawn from a seed, the rules must hold.
/// @dev Statements are numbered as in docs/invariants.md, "Committee", without their letter.
contract CampaignTest is BenchTest {
    uint256 private constant ACTS = 160;
    uint256 private constant MOST_OPERATORS = 24;

    /// A verdict that was recorded.
    struct Known {
        Recording recording;
        RequestId id;
        bool lie;
        bool ruled; // its model names the arbiter
        bool challenged;
        uint256 recordedAt;
    }

    enum Happening {
        Rotated,
        StakeWithdrawn,
        LieRecorded,
        TruthRecorded,
        Challenged,
        NobodyToJudge,
        LieConvicted,
        TruthUpheld,
        TruthConvicted,
        LieUpheld,
        JudgedUnderAnArbiter,
        RuledAlone,
        RuledTheSame,
        Overruled,
        Unjudged,
        ClosedAsJudged
    }

    mapping(Happening => uint256 count) private happened;

    Known[] private known;
    uint256 private operators;
    uint256 private seed;
    uint256 private draws;
    mapping(uint32 epoch => uint256) private kept;
    mapping(uint256 i => uint256 stake) private stakes;
    /// Who signed a lie, or a ruling that was overruled.
    mapping(uint256 i => bool) private guilty;
    /// Whether more than half of a roll convicted for what is true: then all bets are off.
    bool private captured;

    function setUp() public override {
        CommitteeTerms memory terms = defaultTerms();
        (terms.seats, terms.maxRoll) = (5, 13);
        vm.warp(START);
        make(terms);
    }

    /// forge-config: default.fuzz.runs = 24
    /// forge-config: ci.fuzz.runs = 96
    /// @dev A corrupt third: never half of a roll, though it joins as others do.
    function testFuzz_WithACorruptThird(uint256 seed_) public {
        _run(seed_, 3, false);
    }

    /// forge-config: default.fuzz.runs = 24
    /// forge-config: ci.fuzz.runs = 96
    /// @dev Corrupt ones may come to hold any roll, and there is an arbiter who rules as it likes: money is conserved all the same.
    function testFuzz_WithAnyCorruption(uint256 seed_) public {
        _run(seed_, 1 + uint256(keccak256(abi.encode(seed_, "share"))) % 3, true);
    }

    /// @dev A campaign that never gets anywhere proves nothing.
    function test_ThatEverythingHappens() public {
        uint256 snapshot = vm.snapshotState();
        uint256[] memory sum = new uint256[](uint256(type(Happening).max) + 1);
        for (uint256 i = 0; i < 16; ++i) {
            uint256[] memory counts = this.campaign(i, i % 4 == 0 ? 1 : 4, i % 4 != 1);
            vm.revertToState(snapshot);
            for (uint256 k = 0; k < sum.length; ++k) {
                sum[k] += counts[k];
            }
        }
        for (uint256 k = 0; k < sum.length; ++k) {
            assertGt(sum[k], 0, string.concat("happening ", vm.toString(k)));
        }
    }

    /// @dev Apart, for its memory to be free afterwards.
    function campaign(uint256 seed_, uint256 share, bool arbitrary) external returns (uint256[] memory counts) {
        _run(seed_, share, arbitrary);
        counts = new uint256[](uint256(type(Happening).max) + 1);
        for (uint256 k = 0; k < counts.length; ++k) {
            counts[k] = happened[Happening(k)];
        }
    }

    function _run(uint256 seed_, uint256 share, bool arbitrary) private {
        vm.pauseGasMetering();
        seed = seed_;
        uint256 founders = 5 + _draw(9); // so few that there may be nobody to judge, or six in reserve
        for (operators = 0; operators < founders; ++operators) {
            joinAs(operators, STAKE);
        }
        committee.rotate();
        for (uint256 i = 0; i < ACTS; ++i) {
            _act(share, arbitrary);
            _check(arbitrary);
        }
    }

    // Acts

    function _act(uint256 share, bool arbitrary) private {
        uint256 what = _draw(24);
        if (what < 4) _pass();
        else if (what == 4) _join();
        else if (what < 7) _resignOrWithdraw();
        else if (what == 7) _topUp();
        else if (what < 11) _record(share, arbitrary);
        else if (what < 14) _challenge();
        else if (what < 20) _judge(share, arbitrary);
        else if (what < 22) _rule();
        else _close();
    }

    /// @dev Half a day to three, and who is there says so.
    function _pass() private {
        skip(6 hours + _draw(66 hours));
        for (uint256 i = 0; i < operators; ++i) {
            Operator memory info = infoAt(i);
            if (info.attester != address(0) && !info.resigned && info.stake >= STAKE && _draw(8) != 0) renewAs(i);
        }
        if (vm.getBlockTimestamp() < committee.rotatableAt()) return;
        uint32 before = committee.currentEpoch();
        (Roll memory old,) = committee.rollOf(before);
        committee.rotate();
        ++happened[Happening.Rotated];
        _checkChurn(before, old.size);
    }

    function _join() private {
        if (operators == MOST_OPERATORS) return;
        joinAs(operators, STAKE + (_draw(3) == 0 ? STAKE / 2 : 0));
        ++operators;
    }

    function _resignOrWithdraw() private {
        uint256 i = _draw(operators);
        Operator memory info = infoAt(i);
        if (info.attester == address(0)) return;
        if (!info.resigned) {
            if (_draw(3) == 0) resignAs(i);
            return;
        }
        vm.prank(operatorAt(i));
        try committee.withdrawStake() {
            ++happened[Happening.StakeWithdrawn];
            _checkFree(i);
            stakes[i] = 0;
        } catch { }
    }

    function _topUp() private {
        uint256 i = _draw(operators);
        Operator memory info = infoAt(i);
        if (info.attester == address(0) || info.resigned || info.stake >= STAKE) return;
        uint256 missing = STAKE - info.stake;
        hoax(operatorAt(i), missing);
        committee.addStake{ value: missing }(operatorAt(i));
        renewAs(i);
        assertTrue(infoAt(i).place != Place.Out, "back");
    }

    /// @dev A majority of the seats signs: what is true, or a lie if all of them are corrupt.
    function _record(uint256 share, bool arbitrary) private {
        uint32 epoch = committee.currentEpoch();
        (Roll memory roll,) = committee.rollOf(epoch);
        if (roll.seats == 0) return;
        uint256 quorum = uint256(roll.seats) / 2 + 1;
        uint64 signers = 0;
        uint256 count = 0;
        bool lie = true;
        uint256 from = _draw(roll.seats);
        for (uint256 i = 0; count < quorum; ++i) {
            uint256 seat = (from + i) % roll.seats;
            signers |= uint64(1 << seat);
            ++count;
            lie = lie && _isCorrupt(numberOf[memberOf(epoch, seat)], share);
        }
        // Lazy ones sign what a corrupt one proposes: they are guilty of it too.
        if (_draw(4) == 0) lie = true;
        for (uint256 seat = 0; lie && seat < roll.seats; ++seat) {
            if ((signers >> seat) & 1 == 1) guilty[numberOf[memberOf(epoch, seat)]] = true;
        }
        ++happened[lie ? Happening.LieRecorded : Happening.TruthRecorded];
        known.push();
        Known storage made = known[known.length - 1];
        record(1000 + known.length, signers);
        under.source = _sourceOf(known.length);
        (made.recording, made.id, made.lie, made.recordedAt) = (recording, id, lie, vm.getBlockTimestamp());
        if (arbitrary && _draw(2) == 0) {
            made.ruled = true;
            core.name(under, arbiter);
        }
    }

    function _challenge() private {
        if (!_choose(false)) return;
        Known storage made = known[_chosen];
        Recording memory contested = recording;
        hoax(challenger, BOND);
        try committee.challenge{ value: BOND }(contested, under) {
            ++happened[Happening.Challenged];
            made.challenged = true;
        } catch (bytes memory reason) {
            // It was, or there are too few left.
            bool few = bytes4(reason) == ICases.NobodyToJudge.selector;
            if (few) ++happened[Happening.NobodyToJudge];
            assertTrue(few ? !made.ruled : made.challenged, "why it can't be challenged");
        }
    }

    /// @dev The honest of the bench find what is true, if there are enough; or the corrupt find what isn't.
    function _judge(uint256 share, bool arbitrary) private {
        if (!_choose(true)) return;
        bool honest = _draw(3) != 0;
        bool lazy = arbitrary && _draw(4) == 0; // judges who copy
        (uint64 judges, bool enough) = _judges(share, honest, lazy);
        bool stands = known[_chosen].lie != honest;
        Recording memory contested = recording;
        Verdict memory verdict = stands ? contested.verdict : right;
        bytes memory signatures = judgement(judges, stands, verdict);
        Phase before = committee.caseOf(id).phase;
        try committee.judge(contested, verdict, stands, judges, signatures) {
            assertEq(uint8(before), uint8(Phase.Open), "3: it was open");
            assertTrue(enough, "3: as many as decide");
            _judged(judges, stands, lazy, share);
        } catch (bytes memory reason) {
            bool late = bytes4(reason) == ICases.JudgingOver.selector;
            assertTrue(before != Phase.Open || !enough || late, "why it can't be judged");
        }
    }

    /// @return judges Who of the bench is honest, or who isn't, or any, as far as so many are wanted.
    /// @return enough Whether there are so many.
    function _judges(uint256 share, bool honest, bool lazy) private view returns (uint64 judges, bool enough) {
        (uint64 bench, uint256 wanted) = committee.benchOf(recording.by);
        uint256 count = 0;
        for (uint256 i = 0; i < 64 && count < wanted; ++i) {
            if ((bench >> i) & 1 == 0) continue;
            if (!lazy && _isCorrupt(_memberAt(i), share) == honest) continue;
            judges |= uint64(1 << i);
            ++count;
        }
        return (judges, count == wanted);
    }

    function _judged(uint64 judges, bool stands, bool lazy, uint256 share) private {
        Known storage made = known[_chosen];
        assertEq(uint256(judges) & recording.by.bitmap(), 0, "3: none of the signers");
        if (made.ruled) ++happened[Happening.JudgedUnderAnArbiter];
        else if (made.lie) ++happened[stands ? Happening.LieUpheld : Happening.LieConvicted];
        else ++happened[stands ? Happening.TruthUpheld : Happening.TruthConvicted];
        // 4: nobody convicts for what is true, without more than half of the roll.
        if (!stands && !made.lie) {
            captured = true;
            uint32 epoch = uint32(recording.by.epoch());
            (Roll memory roll,) = committee.rollOf(epoch);
            bool most = _corruptOn(epoch, share) > roll.size / 2;
            assertTrue(lazy || most, "4: an honest verdict was found false");
        }
        for (uint256 i = 0; made.ruled && i < 64; ++i) {
            if ((judges >> i) & 1 == 1) guilty[_memberAt(i)] = true;
        }
    }

    function _memberAt(uint256 i) private view returns (uint256) {
        return numberOf[memberOf(uint32(recording.by.epoch()), i)];
    }

    function _rule() private {
        if (!_choose(true)) return;
        bool stands = _draw(2) == 0;
        Recording memory contested = recording;
        Verdict memory verdict = stands ? contested.verdict : right;
        Phase before = committee.caseOf(id).phase;
        vm.prank(arbiter);
        try committee.rule(contested, verdict, stands) {
            bool overruled = committee.caseOf(id).phase == Phase.Overruled;
            if (before == Phase.Open) ++happened[Happening.RuledAlone];
            else ++happened[overruled ? Happening.Overruled : Happening.RuledTheSame];
            assertTrue(known[_chosen].ruled, "3: its model names the arbiter");
        } catch { }
    }

    function _close() private {
        if (!_choose(true)) return;
        Phase before = committee.caseOf(known[_chosen].id).phase;
        Recording memory contested = recording;
        Verdict memory verdict = before == Phase.Stands ? contested.verdict : right;
        try committee.close(contested, verdict) {
            ++happened[before == Phase.Open ? Happening.Unjudged : Happening.ClosedAsJudged];
            if (before == Phase.Open) assertEnded(Ending.Unjudged, Phase.Closed);
        } catch { }
    }

    // Checks

    /// @dev Whatever was done.
    function _check(bool arbitrary) private {
        uint256 open = 0;
        for (uint256 i = 0; i < known.length; ++i) {
            Phase phase = committee.caseOf(known[i].id).phase;
            if (phase == Phase.Open || phase == Phase.Stands || phase == Phase.False) ++open;
        }
        assertConserved(operators, open); // 1
        uint256 fell = 0;
        for (uint256 i = 0; i < operators; ++i) {
            uint256 stake = infoAt(i).stake;
            if (stake < stakes[i]) {
                fell += stakes[i] - stake;
                // 4: the honest lose nothing. An arbiter who rules as it likes can take from anyone.
                if (!arbitrary) assertTrue(guilty[i] || captured, "4: an honest operator lost stake");
            }
            stakes[i] = stake;
            assertEq(infoAt(i).place == Place.Waiting, _waits(i), "place");
        }
        // 9: what is kept is of what was taken now, and later becomes less by a bond at most.
        uint32 epoch = committee.currentEpoch();
        for (uint32 i = 1; i <= epoch; ++i) {
            uint256 now_ = committee.keptOf(i);
            if (now_ > kept[i]) assertLe(now_ - kept[i], fell, "9: kept");
            else assertLe(kept[i] - now_, BOND, "9: paid out");
            kept[i] = now_;
        }
    }

    /// @dev 5. A rotation lets an eighth go, those apart who have less than a penalty.
    function _checkChurn(uint32 before, uint256 size) private {
        uint32 epoch = committee.currentEpoch();
        assertEq(epoch, before + 1, "5: one epoch");
        (Roll memory roll,) = committee.rollOf(epoch);
        uint256 left = 0;
        uint256 whole = 0;
        uint256 broke = 0;
        for (uint256 i = 0; i < size; ++i) {
            Operator memory info = committee.operatorInfo(memberOf(before, i));
            if (info.place == Place.Roll) {
                if (info.stake >= STAKE) ++whole;
                continue;
            }
            if (info.stake < STAKE) ++broke; // who has no whole stake makes room
            else ++left;
        }
        uint256 churn = size < 16 ? 1 : size / 8;
        assertLe(left, churn, "5: left");
        uint256 stayed = size - left - broke;
        uint256 missing = whole < 3 ? 3 - whole : 0;
        assertLe(roll.size - stayed, churn > missing ? churn : missing, "5: entered");
    }

    /// @dev 8. Of what it signed nothing can be challenged or is judged any more.
    function _checkFree(uint256 i) private {
        for (uint256 k = 0; k < known.length; ++k) {
            uint32 epoch = uint32(known[k].recording.by.epoch());
            for (uint256 seat = 0; seat < 64; ++seat) {
                if ((known[k].recording.by.bitmap() >> seat) & 1 == 0) continue;
                if (memberOf(epoch, seat) != operatorAt(i)) continue;
                assertGt(vm.getBlockTimestamp(), known[k].recordedAt + 3 days, "8: it can be challenged");
                Case memory case_ = committee.caseOf(known[k].id);
                bool ended = case_.phase == Phase.None || case_.phase >= Phase.Closed;
                bool over = vm.getBlockTimestamp() > uint256(case_.until) + RULING;
                assertTrue(ended || over, "8: it is under review");
            }
        }
    }

    // Draws

    uint256 private _chosen;

    /// @dev One that is under review, or any that can be challenged.
    function _choose(bool open) private returns (bool) {
        uint256[] memory fit = new uint256[](known.length);
        uint256 count = 0;
        for (uint256 i = 0; i < known.length; ++i) {
            Phase phase = committee.caseOf(known[i].id).phase;
            bool recent = vm.getBlockTimestamp() <= known[i].recordedAt + 3 days;
            bool under_ = phase == Phase.Open || phase == Phase.Stands || phase == Phase.False;
            if (open ? under_ : recent) fit[count++] = i;
        }
        if (count == 0) return false;
        _chosen = fit[_draw(count)];
        Known storage made = known[_chosen];
        recording = made.recording;
        id = made.id;
        under.source = _sourceOf(_chosen + 1);
        return true;
    }

    function _draw(uint256 below) private returns (uint256) {
        return uint256(keccak256(abi.encode(seed, draws++))) % below;
    }

    /// @dev Every third, or second, or each.
    function _isCorrupt(uint256 i, uint256 share) private pure returns (bool) {
        return i % share == share - 1;
    }

    function _corruptOn(uint32 epoch, uint256 share) private view returns (uint256 count) {
        (Roll memory roll,) = committee.rollOf(epoch);
        for (uint256 i = 0; i < roll.size; ++i) {
            if (_isCorrupt(numberOf[memberOf(epoch, i)], share)) ++count;
        }
    }

    function _waits(uint256 i) private returns (bool) {
        address[] memory all = committee.waiting();
        for (uint256 k = 0; k < all.length; ++k) {
            if (all[k] == operatorAt(i)) return true;
        }
        return false;
    }
}
