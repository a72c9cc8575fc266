// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { SSTORE2 } from "solady/utils/SSTORE2.sol";

import { ICommittee } from "../../../contracts/interfaces/ICommittee.sol";
import { ICore } from "../../../contracts/interfaces/ICore.sol";
import { AgreementState, AgreementStatus } from "../../../contracts/types/Agreement.sol";
import { Ending } from "../../../contracts/types/Case.sol";
import { PoolId } from "../../../contracts/types/Ids.sol";
import { Under } from "../../../contracts/types/Standing.sol";
import { Recording, Request, Verdict } from "../../../contracts/types/Verdict.sol";
import { CoreTest } from "../core/CoreTest.sol";

/// @notice A committee contract that calls the core with anything: verdicts change what they say, and no unit of any currency moves, nor an
/// agreement.
contract HostileCommitteeTest is CoreTest {
    Recording[] private _recordings;
    Request private _open;
    PoolId private _pool;

    struct Money {
        uint256 core;
        uint256 committee;
        uint256 controller;
        uint256 subject;
        uint256 publisher;
        uint256 operator;
        uint256 nobody;
        uint256 pool;
        AgreementState agreement;
        uint32 earning;
    }

    function setUp() public override {
        super.setUp();
        agreement.terms.price = uint96(FEE);
        agreement.source.salt = keccak256("with a price");
        give();
        for (uint32 use = 0; use < 3; ++use) {
            _recordings.push(recorded(use));
        }
        (_open,) = ask(3);
        assent.deposit{ value: 1 ether }(controller, address(0), 1 ether);
        _pool = assent.poolOf(1, SIGNERS, address(0));
        assent.collect(_pool, 0);
    }

    function testFuzz_NoCallMovesMoney(uint256[8] memory seeds) public {
        Money memory before = _money();
        for (uint256 i = 0; i < seeds.length; ++i) {
            _callAnything(seeds[i]);
            assertEq(abi.encode(_money()), abi.encode(before), "moved");
        }
    }

    /// @dev Nor what it makes of it later: the escrow of an open request is its controller's or its answerers', whatever epochs there are.
    function test_TheOpenRequestIsRefundedWithoutACommittee() public {
        address nobody = SSTORE2.write("");
        vm.prank(address(committee));
        ICore(address(assent)).setEpoch(2, 0, 0, nobody, 0);
        uint256 before = assent.balanceOf(controller, address(0));
        skip(2 hours);
        assent.expire(_open);
        assertEq(assent.balanceOf(controller, address(0)), before + _open.quote.total(), "refunded");
    }

    /// @dev Nor what was earned and isn't collected yet: the core has the operators of each epoch itself.
    function test_WhatWasEarnedIsTheOperators() public {
        vm.mockCall(address(committee), abi.encodePacked(ICommittee.operatorOf.selector), abi.encode(address(this)));
        bytes memory reason;
        for (uint32 number = 0; number < 4; ++number) {
            if (number == 2) continue;
            address members = SSTORE2.write(new bytes(160));
            reason = abi.encodeWithSelector(ICore.EpochMalformed.selector, number);
            _expectSetEpoch(number, 4, members, reason);
        }
        reason = abi.encodeWithSelector(ICore.EpochMalformed.selector, uint32(2));
        _expectSetEpoch(2, 4, makeAddr("no code"), reason);
        _expectSetEpoch(2, 4, SSTORE2.write(new bytes(159)), reason);
        uint256 before = assent.balanceOf(operatorAt(1), address(0));
        uint256 amount = assent.collect(_pool, 1);
        assertGt(amount, 0, "earned");
        assertEq(assent.balanceOf(operatorAt(1), address(0)), before + amount, "its own");
    }

    function _expectSetEpoch(uint32 number, uint8 roll, address members, bytes memory reason) private {
        vm.prank(address(committee));
        vm.expectRevert(reason);
        ICore(address(assent)).setEpoch(number, roll, roll, members, 0);
    }

    function _callAnything(uint256 seed) private {
        ICore core = ICore(address(assent));
        Recording memory recording = _recordings[seed >> 8 & 0xff % _recordings.length];
        if (seed >> 16 & 7 == 0) recording.by = judgedBy(recording, uint64(seed >> 32));
        if (seed >> 16 & 7 == 1) recording.request = _open;
        Verdict memory verdict =
            Verdict(bytes32(seed >> 24 & 3), bytes32((seed >> 32) % 1_100_000), keccak256(abi.encode("trail", seed)));
        Under memory under = underNow();
        if (seed >> 20 & 7 == 0) under.terms.uses += 1;
        uint256 which = seed & 0xff;
        vm.startPrank(address(committee));
        if (which < 40) {
            // Now and then the next one, with members that are somewhere.
            uint8 roll = uint8((seed >> 80) % 8);
            bool next = seed >> 88 & 1 == 0;
            uint32 number = next ? assent.currentEpoch().number + 1 : uint32(seed >> 40);
            address members = next ? SSTORE2.write(new bytes(40 * uint256(roll))) : address(uint160(seed));
            try core.setEpoch(number, uint8(seed >> 72), roll, members, uint40(seed)) { } catch { }
        } else if (which < 140) {
            try core.contest(recording, under) { } catch { }
        } else {
            try core.settleContest(recording, Ending(seed >> 88 & 0xff % 3), verdict, uint64(seed >> 96)) { } catch { }
        }
        vm.stopPrank();
    }

    function _money() private view returns (Money memory) {
        AgreementStatus memory status = assent.agreementStatus(agreementId);
        return Money({
            core: address(assent).balance,
            committee: address(committee).balance,
            controller: assent.balanceOf(controller, address(0)),
            subject: assent.balanceOf(subject, address(0)),
            publisher: assent.balanceOf(publisher, address(0)),
            operator: assent.balanceOf(address(uint160(uint256(keccak256("nobody")))), address(0)),
            nobody: assent.balanceOf(address(0), address(0)),
            pool: assent.poolInfo(_pool).earned,
            agreement: status.state,
            earning: status.earning
        });
    }
}
