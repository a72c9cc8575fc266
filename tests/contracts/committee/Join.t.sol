// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ICommittee } from "../../../contracts/interfaces/ICommittee.sol";
import { Signatures } from "../../../contracts/libraries/Signatures.sol";
import { CommitteeTerms, Operator, Place } from "../../../contracts/types/Roll.sol";
import { Wallet } from "../base/Wallets.sol";
import { CommitteeTest, Register } from "./CommitteeTest.sol";

contract JoinTest is CommitteeTest {
    address private operator;
    address private attester;
    uint256 private key;

    function setUp() public override {
        super.setUp();
        operator = operatorAt(9);
        (attester, key) = attesterAt(9);
    }

    function test_RevertWhen_TheStakeIsTooLow() public {
        _expectRevert(STAKE - 1, abi.encodeWithSelector(ICommittee.StakeTooLow.selector, STAKE - 1, STAKE));
    }

    function test_RevertGiven_TheSenderIsAnOperator() public {
        _join(STAKE);
        (attester, key) = attesterAt(10);
        _expectRevert(STAKE, abi.encodeWithSelector(ICommittee.OperatorExists.selector, operator));
        resignAs(9);
        _expectRevert(STAKE, abi.encodeWithSelector(ICommittee.OperatorExists.selector, operator));
    }

    function test_RevertGiven_TheAttesterIsOrWasAnothers() public {
        (attester, key) = attesterAt(0);
        bytes memory reason = abi.encodeWithSelector(ICommittee.AttesterTaken.selector, attester, operatorAt(0));
        _expectRevert(STAKE, reason);
        (address next, uint256 nextKey) = attesterAt(30);
        bytes memory signature = signedJoining(operatorAt(0), nextKey, bytes32(0));
        uint256 until = vm.getBlockTimestamp();
        vm.prank(operatorAt(0));
        committee.changeKeys(next, bytes32(0), ENDPOINT, until, signature);
        _expectRevert(STAKE, reason);
    }

    function test_RevertWhen_TheAttesterDidNotSignForTheSender() public {
        bytes memory signature = signedJoining(operatorAt(8), key, bytes32(0));
        uint256 until = vm.getBlockTimestamp();
        vm.expectRevert(abi.encodeWithSelector(Signatures.SignatureInvalid.selector, attester));
        hoax(operator, STAKE);
        committee.join{ value: STAKE }(attester, bytes32(0), ENDPOINT, until, signature);
    }

    function test_RevertWhen_TheAttesterIsAContract() public {
        attester = address(new Wallet(attester));
        _expectRevert(STAKE, abi.encodeWithSelector(Signatures.SignatureInvalid.selector, attester));
    }

    function test_RevertWhen_ItWasSignedForTheCore() public {
        bytes32 structHash = joinings.hash(operator, bytes32(0), ENDPOINT, vm.getBlockTimestamp());
        bytes memory signature = signFor(domainSeparator(block.chainid, address(core)), key, structHash);
        uint256 until = vm.getBlockTimestamp();
        vm.expectRevert(abi.encodeWithSelector(Signatures.SignatureInvalid.selector, attester));
        hoax(operator, STAKE);
        committee.join{ value: STAKE }(attester, bytes32(0), ENDPOINT, until, signature);
    }

    function test_WhenTheAttesterSigned() public {
        vm.expectEmit(address(committee));
        emit ICommittee.OperatorJoined(operator, attester, bytes32(0), ENDPOINT, STAKE + 1);
        vm.expectEmit(address(committee));
        emit ICommittee.LeaseRenewed(operator, START + LEASE);
        _join(STAKE + 1);
        Operator memory info = committee.operatorInfo(operator);
        assertEq(info.stake, STAKE + 1, "stake");
        assertEq(info.lease, START + LEASE, "lease");
        assertEq(uint8(info.place), uint8(Place.Waiting), "place");
        assertEq(committee.operatorOf(attester), operator, "operator");
        assertEq(committee.waiting().length, 1, "waiting");
        assertEq(address(committee).balance, 6 * uint256(STAKE) + 1, "ether");
    }

    function test_RevertGiven_TheAdmissionContractDoesNotAdmitIt() public {
        Register register = new Register();
        CommitteeTerms memory terms = defaultTerms();
        terms.admission = address(register);
        make(terms);
        register.strike(operator, true);
        _expectRevert(STAKE, abi.encodeWithSelector(ICommittee.OperatorNotAdmitted.selector, operator));
        register.strike(operator, false);
        _join(STAKE);
    }

    function test_GivenTheListIsFull() public {
        for (uint256 i = 10; i < 74; ++i) {
            joinAs(i, i == 40 ? STAKE : STAKE + 1);
        }
        _expectRevert(STAKE, abi.encodeWithSelector(ICommittee.WaitingListFull.selector, STAKE));
        vm.expectEmit(address(committee));
        emit ICommittee.OperatorCrowdedOut(operatorAt(40));
        _join(STAKE + 1);
        assertPlace(40, Place.Out);
        assertPlace(9, Place.Waiting);
        assertEq(committee.waiting().length, 64, "waiting");
        // Who was crowded out has all of its stake, and may try again with more.
        uint256 until = vm.getBlockTimestamp();
        assertEq(infoAt(40).lease, until + LEASE, "lease");
        vm.expectRevert(abi.encodeWithSelector(ICommittee.WaitingListFull.selector, STAKE + 1));
        vm.prank(operatorAt(40));
        committee.renew();
        committee.addStake{ value: 2 }(operatorAt(40));
        renewAs(40);
        assertPlace(40, Place.Waiting);
    }

    /// @dev Else 64 who never come back would keep everyone with no more at stake out.
    function test_GivenTheListIsFull_GivenALeaseIsOver() public {
        joinAs(10, 10 * uint256(STAKE));
        skip(LEASE + 1);
        for (uint256 i = 11; i < 74; ++i) {
            joinAs(i, 5 * uint256(STAKE));
        }
        _join(STAKE);
        assertPlace(10, Place.Out);
        assertPlace(9, Place.Waiting);
    }

    function _expectRevert(uint256 stake, bytes memory reason) private {
        bytes memory signature = signedJoining(operator, key, bytes32(0));
        uint256 until = vm.getBlockTimestamp();
        vm.expectRevert(reason);
        hoax(operator, stake);
        committee.join{ value: stake }(attester, bytes32(0), ENDPOINT, until, signature);
    }

    function _join(uint256 stake) private {
        bytes memory signature = signedJoining(operator, key, bytes32(0));
        uint256 until = vm.getBlockTimestamp();
        hoax(operator, stake);
        committee.join{ value: stake }(attester, bytes32(0), ENDPOINT, until, signature);
    }
}
