// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IOperatorSet } from "../../../contracts/interfaces/IOperatorSet.sol";
import { Signatures } from "../../../contracts/libraries/Signatures.sol";
import { Operator } from "../../../contracts/types/Operator.sol";
import { Wallet } from "../base/Wallets.sol";
import { OperatorsTest } from "./OperatorsTest.sol";

contract ChangeKeysTest is OperatorsTest {
    string private constant ENDPOINT = "https://moved.example";
    bytes32 private constant SEAL_KEY = keccak256("fresh seal key");

    address private operator;
    address private old;
    address private attester;
    uint256 private attesterKey;

    function setUp() public override {
        super.setUp();
        operator = operatorAt(0);
        (old,) = attesterAt(0);
        (attester, attesterKey) = attesterAt(9);
        keyOf[attester] = attesterKey;
    }

    function test_RevertGiven_TheSenderIsNoOperator() public {
        operator = stranger;
        _expectRevert(abi.encodeWithSelector(IOperatorSet.OperatorUnknown.selector, stranger));
    }

    function test_RevertGiven_TheSenderHasResigned() public {
        resignAs(0);
        _expectRevert(abi.encodeWithSelector(IOperatorSet.OperatorHasResigned.selector, operator));
    }

    function test_RevertGiven_TheAttesterBelongsToAnotherOperator() public {
        (attester, attesterKey) = attesterAt(1);
        _expectRevert(abi.encodeWithSelector(IOperatorSet.AttesterTaken.selector, attester, operatorAt(1)));
    }

    function test_RevertWhen_TheDeadlineHasPassed() public {
        bytes memory signature = _signed();
        vm.expectRevert(abi.encodeWithSelector(Signatures.SignatureDeadlinePassed.selector, START, START + 1));
        vm.warp(START + 1);
        _change(START, signature);
    }

    function test_RevertWhen_TheAttesterDidNotSign() public {
        _expectInvalid(sign(strangerKey, hasher.joining(operator, SEAL_KEY, ENDPOINT, START)));
    }

    function test_RevertWhen_TheAttesterSignedForAnotherOperator() public {
        _expectInvalid(sign(attesterKey, hasher.joining(stranger, SEAL_KEY, ENDPOINT, START)));
    }

    function test_RevertWhen_TheAttesterIsAContract() public {
        attester = address(new Wallet(vm.addr(attesterKey)));
        _expectInvalid(expand(_signed()));
    }

    function test_WhenTheAttesterIsANewOne() public {
        bytes memory signature = _signed();
        vm.expectEmit(address(assent));
        emit IOperatorSet.OperatorChanged(operator, attester, SEAL_KEY, ENDPOINT);
        _change(START, signature);

        Operator memory expected = Operator(attester, STAKE, false, 0, 0, SEAL_KEY, ENDPOINT);
        assertEq(abi.encode(assent.operatorInfo(operator)), abi.encode(expected), "operatorInfo");
        assertEq(assent.operatorOf(attester), operator, "the new one's");
        assertEq(assent.operatorOf(old), operator, "the old one's");
        assertEq(assent.membersOf(1)[0], old, "a member until the rotation");
        skip(EPOCH_LENGTH);
        assent.rotate();
        assertEq(assent.membersOf(2)[0], attester, "a member from the rotation on");
        assertEq(assent.membersOf(1)[0], old, "the epoch before stays as it was");
    }

    function test_WhenTheAttesterStaysTheSame() public {
        (attester, attesterKey) = attesterAt(0);
        _change(START, _signed());
        assertEq(assent.operatorInfo(operator).endpoint, ENDPOINT, "endpoint");
        assertEq(assent.operatorInfo(operator).sealKey, SEAL_KEY, "sealKey");
        skip(EPOCH_LENGTH);
        vm.expectRevert(abi.encodeWithSelector(IOperatorSet.MembershipUnchanged.selector));
        assent.rotate();
    }

    function test_WhenTheAttesterIsItsFormerOne() public {
        _change(START, _signed());
        (attester, attesterKey) = attesterAt(0);
        _change(START, _signed());
        assertEq(assent.operatorInfo(operator).attester, old, "attester");
        assertEq(assent.operatorOf(old), operator, "operatorOf");
    }

    /// @dev Its keys are nobody's concern until it is back.
    function test_GivenTheSenderIsOutOfTheSet() public {
        joinAs(4);
        operator = jailAs(3, 0x7);
        skip(EPOCH_LENGTH);
        assent.rotate();
        _change(vm.getBlockTimestamp(), _signed());
        skip(EPOCH_LENGTH);
        vm.expectRevert(abi.encodeWithSelector(IOperatorSet.MembershipUnchanged.selector));
        assent.rotate();
        assent.release(operator);
        assent.rotate();
        assertEq(assent.membersOf(3)[4], attester, "member");
    }

    function _signed() private view returns (bytes memory) {
        return sign(attesterKey, hasher.joining(operator, SEAL_KEY, ENDPOINT, vm.getBlockTimestamp()));
    }

    function _change(uint256 until, bytes memory signature) private {
        vm.prank(operator);
        assent.changeKeys(attester, SEAL_KEY, ENDPOINT, until, signature);
    }

    function _expectRevert(bytes memory reason) private {
        bytes memory signature = _signed();
        vm.expectRevert(reason);
        _change(START, signature);
    }

    function _expectInvalid(bytes memory signature) private {
        vm.expectRevert(abi.encodeWithSelector(Signatures.SignatureInvalid.selector, attester));
        _change(START, signature);
    }
}
