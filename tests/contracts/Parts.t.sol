// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IERC5267 } from "@openzeppelin/contracts/interfaces/IERC5267.sol";

import { IArbiter } from "../../contracts/interfaces/IArbiter.sol";
import { IAssent } from "../../contracts/interfaces/IAssent.sol";
import { IConsentDesk } from "../../contracts/interfaces/IConsentDesk.sol";
import { IConsentRegistry } from "../../contracts/interfaces/IConsentRegistry.sol";
import { IEpochs } from "../../contracts/interfaces/IEpochs.sol";
import { IModelRegistry } from "../../contracts/interfaces/IModelRegistry.sol";
import { IOperatorSet } from "../../contracts/interfaces/IOperatorSet.sol";
import { IRecordRegistry } from "../../contracts/interfaces/IRecordRegistry.sol";
import { IRequestDesk } from "../../contracts/interfaces/IRequestDesk.sol";
import { IStandingRequests } from "../../contracts/interfaces/IStandingRequests.sol";
import { ITreasury } from "../../contracts/interfaces/ITreasury.sol";
import { IVerdictOracle } from "../../contracts/interfaces/IVerdictOracle.sol";
import { ChallengeTerms } from "../../contracts/types/Challenge.sol";
import { RecordId } from "../../contracts/types/Ids.sol";
import { Policy } from "../../contracts/types/Operator.sol";
import { RecordState } from "../../contracts/types/Record.sol";
import { AssentTest } from "./base/AssentTest.sol";

/// @notice Stands where a part was, and says that it was called.
contract Beacon {
    error Reached(bytes4 selector);

    fallback() external payable {
        revert Reached(msg.sig);
    }
}

/// @notice One address, four parts: what each answers, and that none can be talked to behind Assent's back.
contract PartsTest is AssentTest {
    address private registries;
    address private desk;
    address private consents;
    bytes4[] private selectors;

    function setUp() public override {
        super.setUp();
        (registries, desk, consents) = (assent.registries(), assent.desk(), assent.consents());
        _listConsentAndVerdicts();
        _listRecordsAndModels();
        _listOperators();
        _listTreasury();
        _listDesk();
        _listConsents();
        _listArbiter();
        _listRest();
    }

    // Which part answers

    /// @dev Else a test below could miss one: an interface's id is all of its selectors, each taken once.
    function test_GivenTheListOfSelectors_ThatItIsIAssents() public view {
        bytes4 listed;
        for (uint256 i = 0; i < selectors.length; ++i) {
            listed ^= selectors[i];
        }
        bytes4 all = type(IConsentRegistry).interfaceId ^ type(IVerdictOracle).interfaceId
            ^ type(IRecordRegistry).interfaceId ^ type(IModelRegistry).interfaceId ^ type(IOperatorSet).interfaceId
            ^ type(IEpochs).interfaceId ^ type(ITreasury).interfaceId ^ type(IRequestDesk).interfaceId
            ^ type(IStandingRequests).interfaceId ^ type(IArbiter).interfaceId ^ type(IConsentDesk).interfaceId
            ^ type(IERC5267).interfaceId ^ type(IAssent).interfaceId;
        assertEq(listed, all);
    }

    function test_WhenAFunctionOfIAssentIsCalled() public {
        for (uint256 i = 0; i < selectors.length; ++i) {
            assertTrue(_answers(address(assent), selectors[i]), vm.toString(selectors[i]));
        }
    }

    /// @dev What two parts answered would be dead code in one of them.
    function test_WhenAFunctionOfIAssentIsCalled_ThatOnePartAnswers() public {
        uint256[] memory parts = new uint256[](selectors.length);
        for (uint256 i = 0; i < selectors.length; ++i) {
            if (_answers(consents, selectors[i])) ++parts[i];
        }
        bytes memory beacon = address(new Beacon()).code;
        vm.etch(consents, beacon);
        for (uint256 i = 0; i < selectors.length; ++i) {
            if (!_reachesBeacon(desk, selectors[i])) ++parts[i];
        }
        vm.etch(desk, beacon);
        for (uint256 i = 0; i < selectors.length; ++i) {
            if (!_reachesBeacon(registries, selectors[i])) ++parts[i];
        }
        vm.etch(registries, beacon);
        for (uint256 i = 0; i < selectors.length; ++i) {
            if (!_reachesBeacon(address(assent), selectors[i])) ++parts[i];
            // Every part that checks signatures knows its domain.
            uint256 wanted = selectors[i] == IERC5267.eip712Domain.selector ? 4 : 1;
            assertEq(parts[i], wanted, vm.toString(selectors[i]));
        }
    }

    /// @dev No wallet and no relayer should have to know of the parts: what is signed is for Assent.
    function test_WhenTheDomainIsAskedFor() public view {
        (,,, uint256 chainId, address verifying,,) = assent.eip712Domain();
        assertEq(verifying, address(assent), "verifying contract");
        assertEq(chainId, block.chainid, "chain");
        (,,,, verifying,,) = IERC5267(registries).eip712Domain();
        assertEq(verifying, registries, "the registries' own");
        (,,,, verifying,,) = IERC5267(desk).eip712Domain();
        assertEq(verifying, desk, "the desk's own");
        (,,,, verifying,,) = IERC5267(consents).eip712Domain();
        assertEq(verifying, consents, "the consents' own");
    }

    /// @dev Where the other parts are is in the code, and nothing else: no storage, no way to change it.
    function test_WhenThePartsAreAskedFor() public {
        vm.record();
        assertEq(assent.registries(), registries, "registries");
        assertEq(assent.desk(), desk, "desk");
        assertEq(assent.consents(), consents, "consents");
        (bytes32[] memory reads,) = vm.accesses(address(assent));
        assertEq(reads.length, 0, "slots read");
        assertEq(IAssent(registries).desk(), desk, "the registries' desk");
    }

    // What none answers

    function test_RevertWhen_TheSelectorIsUnknown() public {
        address[4] memory parts = [address(assent), registries, desk, consents];
        for (uint256 i = 0; i < 4; ++i) {
            assertFalse(_answers(parts[i], bytes4(keccak256("upgradeTo(address)"))), "upgradeTo");
            assertFalse(_answers(parts[i], 0x00000000), "zero");
            (bool success, bytes memory reason) = parts[i].call(hex"31ab00"); // shorter than a selector
            assertFalse(success, "short");
            assertEq(reason.length, 0, "short");
        }
    }

    function testFuzz_WhenTheSelectorIsAny(bytes4 selector) public {
        bool known = false;
        for (uint256 i = 0; i < selectors.length; ++i) {
            known = known || selector == selectors[i];
        }
        assertEq(_answers(address(assent), selector), known);
    }

    function test_RevertWhen_EtherIsSentWithoutACall() public {
        _expectPlainEther(address(assent), 1 ether);
        _expectPlainEther(address(assent), 0);
        _expectPlainEther(registries, 1 ether);
        _expectPlainEther(desk, 1 ether);
        (bool success,) = consents.call{ value: 1 ether }("");
        assertFalse(success, "consents");
    }

    function test_RevertWhen_EtherIsSentToAFunctionThatTakesNone() public {
        uint256 balance = address(assent).balance;
        bytes4[3] memory unpaid =
            [IVerdictOracle.refuse.selector, IModelRegistry.publish.selector, IArbiter.lapse.selector];
        for (uint256 i = 0; i < 3; ++i) {
            (bool success, bytes memory reason) = address(assent).call{ value: 1 }(_message(unpaid[i]));
            assertFalse(success, "success");
            assertEq(reason.length, 0, "no reason: it didn't come to run");
        }
        (bool unknown,) = address(assent).call{ value: 1 }(hex"deadbeef");
        assertFalse(unknown, "unknown");
        assertEq(address(assent).balance, balance, "balance");
    }

    // Parts called at their own address

    function test_WhenAPartIsCalledDirectly_ThatNothingOfAssentIsTouched() public {
        vm.record();
        for (uint256 i = 0; i < selectors.length; ++i) {
            _answers(registries, selectors[i]);
            _answers(desk, selectors[i]);
            _answers(consents, selectors[i]);
        }
        (bytes32[] memory reads, bytes32[] memory writes) = vm.accesses(address(assent));
        assertEq(reads.length, 0, "reads");
        assertEq(writes.length, 0, "writes");
        (reads,) = vm.accesses(registries);
        assertGt(reads.length, 0, "but the part's own are");
    }

    /// @dev At their own address anyone can be the committee, without a stake. Its word counts for nothing at Assent.
    function test_WhenACommitteeIsFormedAtAPart_ThatAssentKnowsNothingOfIt() public {
        bytes memory epoch = abi.encode(assent.currentEpoch());
        IAssent impostor = IAssent(registries);
        bytes memory signature = signFor(
            domainSeparator(block.chainid, registries), strangerKey, hasher.joining(stranger, 0, "", type(uint256).max)
        );
        vm.startPrank(stranger);
        impostor.join(stranger, 0, "", type(uint256).max, signature);
        impostor.rotate();
        vm.stopPrank();
        assertEq(impostor.membersOf(1)[0], stranger, "a committee of its own");

        assertEq(abi.encode(assent.currentEpoch()), epoch, "epoch");
        assertEq(assent.operatorOf(stranger), address(0), "operator");
        vm.expectRevert(abi.encodeWithSelector(IOperatorSet.OperatorUnknown.selector, stranger));
        assent.release(stranger);
    }

    function test_WhenMoneyIsDepositedAtAPart_ThatItIsNoneOfAssents() public {
        vm.startPrank(controller);
        IAssent(registries).deposit{ value: 1 ether }(controller, address(0), 1 ether);
        assertEq(assent.balanceOf(controller, address(0)), 0, "at Assent");
        vm.expectRevert(abi.encodeWithSelector(ITreasury.NothingToWithdraw.selector, controller));
        assent.withdrawBalance(address(0), controller);
        IAssent(registries).withdrawBalance(address(0), controller);
        vm.stopPrank();
        assertEq(controller.balance, 100 ether, "and isn't lost");
    }

    function test_WhenARecordIsCommittedAtAPart_ThatAssentDoesNotHaveIt() public {
        vm.prank(stranger);
        RecordId committed = IAssent(registries).commit(ROOT, subject, "https://vault.example");
        assertEq(uint8(IAssent(registries).recordStatus(committed).state), uint8(RecordState.Committed), "there");
        assertEq(uint8(assent.recordStatus(committed).state), uint8(RecordState.None), "at Assent");
    }

    // Construction

    function test_RevertWhen_ThereAreNoRegistriesAtTheAddress() public {
        bytes memory code =
            bytes.concat(vm.getCode("Assent.sol:Assent"), abi.encode(makeAddr("nothing"), defaultPolicy(4)));
        assertEq(_create(code), address(0));
    }

    /// @dev Each term of a policy is tried in operators/Constructor.t.sol.
    function test_RevertWhen_ThePolicyCannotBeMeant() public {
        Policy memory policy = defaultPolicy(4);
        policy.minStake = PENALTY - 1; // by the terms of the desk, two contracts away
        bytes memory code = bytes.concat(vm.getCode("Assent.sol:Assent"), abi.encode(registries, policy));
        assertEq(_create(code), address(0), "malformed");
        policy.minStake = PENALTY;
        code = bytes.concat(vm.getCode("Assent.sol:Assent"), abi.encode(registries, policy));
        assertNotEq(_create(code), address(0), "well formed");
    }

    function test_WhenTheTermsOfChallengesAreAskedFor() public view {
        ChallengeTerms memory terms = ChallengeTerms(CHALLENGE_WINDOW, REVIEW_TIME, BOND, PENALTY);
        assertEq(abi.encode(assent.challengeTerms()), abi.encode(terms));
    }

    // Helpers

    /// @dev Zeros will do for any argument; long enough for all.
    function _message(bytes4 selector) private pure returns (bytes memory) {
        return bytes.concat(selector, new bytes(2048));
    }

    /// @dev Whether a part knows the selector: it succeeds, or says why not. What it did is undone.
    function _answers(address part, bytes4 selector) private returns (bool) {
        uint256 state = vm.snapshotState();
        (bool success, bytes memory reason) = part.call(_message(selector));
        vm.revertToState(state);
        return success || reason.length != 0;
    }

    function _reachesBeacon(address part, bytes4 selector) private returns (bool) {
        (bool success, bytes memory reason) = part.call(_message(selector));
        return !success && keccak256(reason) == keccak256(abi.encodeWithSelector(Beacon.Reached.selector, selector));
    }

    function _expectPlainEther(address part, uint256 value) private {
        (bool success, bytes memory reason) = part.call{ value: value }("");
        assertFalse(success, "success");
        assertEq(reason, abi.encodeWithSelector(IAssent.PlainEther.selector), "reason");
    }

    function _create(bytes memory code) private returns (address deployed) {
        assembly ("memory-safe") {
            deployed := create(0, add(code, 0x20), mload(code))
        }
    }

    function _listConsentAndVerdicts() private {
        selectors.push(IConsentRegistry.give.selector);
        selectors.push(IConsentRegistry.giveBySig.selector);
        selectors.push(IConsentRegistry.giveManyBySig.selector);
        selectors.push(IConsentRegistry.withdrawManyBySig.selector);
        selectors.push(IConsentRegistry.withdraw.selector);
        selectors.push(IConsentRegistry.withdrawBySig.selector);
        selectors.push(IVerdictOracle.request.selector);
        selectors.push(IVerdictOracle.requestBySig.selector);
        selectors.push(IVerdictOracle.record.selector);
        selectors.push(IVerdictOracle.recordMany.selector);
        selectors.push(IVerdictOracle.anchor.selector);
        selectors.push(IVerdictOracle.claim.selector);
        selectors.push(IVerdictOracle.refuse.selector);
        selectors.push(IVerdictOracle.expire.selector);
        selectors.push(IVerdictOracle.verdictOf.selector);
    }

    function _listRecordsAndModels() private {
        selectors.push(IRecordRegistry.commit.selector);
        selectors.push(IRecordRegistry.retire.selector);
        selectors.push(IRecordRegistry.recordStatus.selector);
        selectors.push(IRecordRegistry.anchorLog.selector);
        selectors.push(IModelRegistry.publish.selector);
        selectors.push(IModelRegistry.deprecate.selector);
        selectors.push(IModelRegistry.modelStatus.selector);
        selectors.push(IModelRegistry.currencyAt.selector);
    }

    function _listOperators() private {
        selectors.push(IOperatorSet.join.selector);
        selectors.push(IOperatorSet.changeKeys.selector);
        selectors.push(IOperatorSet.addStake.selector);
        selectors.push(IOperatorSet.resign.selector);
        selectors.push(IOperatorSet.withdrawStake.selector);
        selectors.push(IOperatorSet.jail.selector);
        selectors.push(IOperatorSet.release.selector);
        selectors.push(IOperatorSet.rotate.selector);
        selectors.push(IOperatorSet.schedulePolicy.selector);
        selectors.push(IOperatorSet.applyPolicy.selector);
        selectors.push(IEpochs.currentEpoch.selector);
        selectors.push(IEpochs.epochEnd.selector);
        selectors.push(IEpochs.membersOf.selector);
        selectors.push(IOperatorSet.operatorOf.selector);
        selectors.push(IOperatorSet.operatorInfo.selector);
        selectors.push(IOperatorSet.currentPolicy.selector);
        selectors.push(IOperatorSet.scheduledPolicy.selector);
    }

    function _listTreasury() private {
        selectors.push(ITreasury.deposit.selector);
        selectors.push(ITreasury.withdrawBalance.selector);
        selectors.push(ITreasury.collect.selector);
        selectors.push(ITreasury.settle.selector);
        selectors.push(ITreasury.balanceOf.selector);
        selectors.push(ITreasury.poolInfo.selector);
        selectors.push(ITreasury.poolOf.selector);
        selectors.push(ITreasury.poolOfRoot.selector);
    }

    function _listConsents() private {
        selectors.push(IConsentDesk.appoint.selector);
        selectors.push(IConsentDesk.dismiss.selector);
        selectors.push(IConsentDesk.mandateOf.selector);
        selectors.push(IConsentDesk.revoke.selector);
        selectors.push(IConsentDesk.invalidate.selector);
        selectors.push(IConsentDesk.renew.selector);
        selectors.push(IConsentDesk.renewBySig.selector);
        selectors.push(IConsentDesk.adopt.selector);
        selectors.push(IConsentDesk.adoptedUnder.selector);
        selectors.push(IConsentDesk.vocabulary.selector);
        selectors.push(IConsentDesk.attestErasure.selector);
        selectors.push(IConsentDesk.attestErasureBySig.selector);
    }

    function _listDesk() private {
        selectors.push(IRequestDesk.agreementStatus.selector);
        selectors.push(IRequestDesk.check.selector);
        selectors.push(IRequestDesk.quote.selector);
        selectors.push(IRequestDesk.requestId.selector);
        selectors.push(IRequestDesk.nextUse.selector);
        selectors.push(IRequestDesk.statesOf.selector);
        selectors.push(IRequestDesk.cancel.selector);
        selectors.push(IRequestDesk.retryCallback.selector);
        selectors.push(IStandingRequests.stand.selector);
        selectors.push(IStandingRequests.openRound.selector);
        selectors.push(IStandingRequests.endStanding.selector);
        selectors.push(IStandingRequests.standingStatus.selector);
    }

    function _listArbiter() private {
        selectors.push(IArbiter.challenge.selector);
        selectors.push(IArbiter.review.selector);
        selectors.push(IArbiter.lapse.selector);
        selectors.push(IArbiter.punish.selector);
        selectors.push(IArbiter.punishConflict.selector);
        selectors.push(IArbiter.challengeOf.selector);
        selectors.push(IArbiter.challengeTerms.selector);
    }

    function _listRest() private {
        selectors.push(IERC5267.eip712Domain.selector);
        selectors.push(IAssent.registries.selector);
        selectors.push(IAssent.desk.selector);
        selectors.push(IAssent.consents.selector);
    }
}
