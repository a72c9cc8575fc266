// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IOperatorSet } from "../../../contracts/interfaces/IOperatorSet.sol";
import { Policies } from "../../../contracts/libraries/Policies.sol";
import { Signatures } from "../../../contracts/libraries/Signatures.sol";
import { Operator } from "../../../contracts/types/Operator.sol";
import { Wallet } from "../base/Wallets.sol";
import { OperatorsTest } from "./OperatorsTest.sol";

contract JoinTest is OperatorsTest {
    string private constant ENDPOINT = "https://operator.example";
    bytes32 private constant SEAL_KEY = keccak256("seal key");

    address private operator;
    address private attester;
    uint256 private attesterKey;

    function setUp() public override {
        super.setUp();
        operator = operatorAt(4);
        (attester, attesterKey) = attesterAt(4);
        vm.deal(operator, 100 ether);
    }

    function test_RevertWhen_TheStakeIsTooLow() public {
        bytes memory signature = _signed();
        vm.expectRevert(abi.encodeWithSelector(IOperatorSet.StakeTooLow.selector, STAKE - 1, STAKE));
        _join(STAKE - 1, signature);
    }

    function test_RevertGiven_TheSenderIsAnOperator() public {
        _join(STAKE, _signed());
        (attester, attesterKey) = attesterAt(5);
        _expectRevert(abi.encodeWithSelector(IOperatorSet.OperatorExists.selector, operator));
    }

    function test_RevertGiven_TheSenderHasResignedAndNotTakenItsStakeBack() public {
        _join(STAKE, _signed());
        resignAs(4);
        _expectRevert(abi.encodeWithSelector(IOperatorSet.OperatorExists.selector, operator));
    }

    function test_RevertGiven_TheAttesterBelongsToAnotherOperator() public {
        (attester, attesterKey) = attesterAt(0);
        _expectRevert(abi.encodeWithSelector(IOperatorSet.AttesterTaken.selector, attester, operatorAt(0)));
    }

    function test_RevertGiven_TheAttesterOnceBelongedToAnotherOperator() public {
        _join(STAKE, _signed());
        leaveAs(4);
        address first = operator;
        operator = operatorAt(5);
        vm.deal(operator, STAKE);
        _expectRevert(abi.encodeWithSelector(IOperatorSet.AttesterTaken.selector, attester, first));
    }

    function test_RevertGiven_TheAttesterWasAnotherOperatorsBeforeItChangedKeys() public {
        (address next, uint256 nextKey) = attesterAt(9);
        changeKeysAs(0, next, nextKey);
        (attester, attesterKey) = attesterAt(0);
        _expectRevert(abi.encodeWithSelector(IOperatorSet.AttesterTaken.selector, attester, operatorAt(0)));
    }

    function test_RevertGiven_TheCommitteeIsFull() public {
        for (uint256 i = 4; i < Policies.MAX_MEMBERS; ++i) {
            joinAs(i);
        }
        operator = operatorAt(Policies.MAX_MEMBERS);
        (attester, attesterKey) = attesterAt(Policies.MAX_MEMBERS);
        vm.deal(operator, STAKE);
        _expectRevert(abi.encodeWithSelector(IOperatorSet.CommitteeFull.selector, Policies.MAX_MEMBERS));
    }

    function test_RevertWhen_TheDeadlineHasPassed() public {
        bytes memory signature = _signed();
        vm.warp(START + 1);
        vm.expectRevert(abi.encodeWithSelector(Signatures.SignatureDeadlinePassed.selector, START, START + 1));
        _join(STAKE, signature);
    }

    function test_RevertWhen_TheAttesterDidNotSign() public {
        _expectInvalid(sign(strangerKey, hasher.joining(operator, SEAL_KEY, ENDPOINT, START)));
    }

    function test_RevertWhen_TheAttesterSignedForAnotherOperator() public {
        _expectInvalid(sign(attesterKey, hasher.joining(stranger, SEAL_KEY, ENDPOINT, START)));
    }

    function test_RevertWhen_TheAttesterSignedAnotherSealKey() public {
        _expectInvalid(sign(attesterKey, hasher.joining(operator, keccak256("another"), ENDPOINT, START)));
    }

    function test_RevertWhen_TheAttesterSignedAnotherEndpoint() public {
        _expectInvalid(sign(attesterKey, hasher.joining(operator, SEAL_KEY, "https://another.example", START)));
    }

    function test_RevertWhen_TheAttesterSignedAnotherDeadline() public {
        _expectInvalid(sign(attesterKey, hasher.joining(operator, SEAL_KEY, ENDPOINT, START + 1)));
    }

    function test_RevertWhen_TheAttesterSignedForAnotherChain() public {
        bytes32 separator = domainSeparator(block.chainid + 1, address(assent));
        _expectInvalid(signFor(separator, attesterKey, hasher.joining(operator, SEAL_KEY, ENDPOINT, START)));
    }

    /// @dev Where the code stands that checks it. What the attester signs for is Assent.
    function test_RevertWhen_TheAttesterSignedForTheRegistries() public {
        bytes32 separator = domainSeparator(block.chainid, assent.registries());
        _expectInvalid(signFor(separator, attesterKey, hasher.joining(operator, SEAL_KEY, ENDPOINT, START)));
    }

    /// @dev Such a member's signature would be anyone's, for `ecrecover` gives the zero address for a malformed one.
    function test_RevertWhen_TheAttesterIsTheZeroAddress() public {
        attester = address(0);
        _expectInvalid("");
        _expectInvalid(new bytes(64));
    }

    /// @dev It would accept the signature (ERC-1271), and never sign a report.
    function test_RevertWhen_TheAttesterIsAContract() public {
        attester = address(new Wallet(vm.addr(attesterKey)));
        _expectInvalid(expand(_signed()));
    }

    function test_WhenEveryTermIsMeant() public {
        bytes memory signature = _signed();
        bytes memory epoch = abi.encode(assent.currentEpoch());
        uint256 balance = address(assent).balance;
        vm.expectEmit(address(assent));
        emit IOperatorSet.OperatorJoined(operator, attester, SEAL_KEY, ENDPOINT, STAKE);
        _join(STAKE, signature);

        assertEq(address(assent).balance, balance + STAKE, "balance");
        assertEq(assent.operatorOf(attester), operator, "operatorOf");
        Operator memory expected = Operator(attester, STAKE, false, 0, 0, SEAL_KEY, ENDPOINT);
        assertEq(abi.encode(assent.operatorInfo(operator)), abi.encode(expected), "operatorInfo");
        assertEq(abi.encode(assent.currentEpoch()), epoch, "epoch");
        assertEq(assent.membersOf(1).length, 4, "members");
    }

    function test_WhenTheStakeIsAboveTheLeast() public {
        _join(3 ether, _signed());
        assertEq(assent.operatorInfo(operator).stake, 3 ether);
    }

    function test_WhenTheSignatureHas65Bytes() public {
        _join(STAKE, expand(_signed()));
        assertEq(assent.operatorOf(attester), operator);
    }

    function test_GivenTheSenderTookItsStakeBack_WhenTheAttesterIsItsOldOne() public {
        _join(STAKE, _signed());
        leaveAs(4);
        _join(STAKE, _signed());
        assertEq(assent.operatorInfo(operator).attester, attester, "attester");
        assertFalse(assent.operatorInfo(operator).resigned, "resigned");
    }

    function test_GivenTheSenderTookItsStakeBack_WhenTheAttesterIsANewOne() public {
        _join(STAKE, _signed());
        leaveAs(4);
        address old = attester;
        (attester, attesterKey) = attesterAt(5);
        _join(STAKE, _signed());
        assertEq(assent.operatorInfo(operator).attester, attester, "attester");
        assertEq(assent.operatorOf(attester), operator, "the new one's");
        assertEq(assent.operatorOf(old), operator, "the old one's");
    }

    function testFuzz_WhenTheStakeIsAny(uint256 stake) public {
        stake = bound(stake, 0, 100 ether);
        bytes memory signature = _signed();
        if (stake < STAKE) vm.expectRevert(abi.encodeWithSelector(IOperatorSet.StakeTooLow.selector, stake, STAKE));
        _join(stake, signature);
        assertEq(assent.operatorInfo(operator).stake, stake < STAKE ? 0 : stake);
    }

    function _signed() private view returns (bytes memory) {
        return sign(attesterKey, hasher.joining(operator, SEAL_KEY, ENDPOINT, vm.getBlockTimestamp()));
    }

    /// @dev The deadline that was signed: now, or the start in the one test that comes a second late.
    function _join(uint256 stake, bytes memory signature) private {
        uint256 until = vm.getBlockTimestamp() > START + 1 ? vm.getBlockTimestamp() : START;
        vm.prank(operator);
        assent.join{ value: stake }(attester, SEAL_KEY, ENDPOINT, until, signature);
    }

    function _expectRevert(bytes memory reason) private {
        bytes memory signature = _signed();
        vm.expectRevert(reason);
        _join(STAKE, signature);
    }

    function _expectInvalid(bytes memory signature) private {
        vm.expectRevert(abi.encodeWithSelector(Signatures.SignatureInvalid.selector, attester));
        _join(STAKE, signature);
    }
}
