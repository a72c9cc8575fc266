// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IERC5267 } from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import { SSTORE2 } from "solady/utils/SSTORE2.sol";

import { IAssent } from "../../contracts/interfaces/IAssent.sol";
import { IConsentDesk } from "../../contracts/interfaces/IConsentDesk.sol";
import { IConsentRegistry } from "../../contracts/interfaces/IConsentRegistry.sol";
import { ICore } from "../../contracts/interfaces/ICore.sol";
import { IEpochs } from "../../contracts/interfaces/IEpochs.sol";
import { IModelRegistry } from "../../contracts/interfaces/IModelRegistry.sol";
import { IRequestDesk } from "../../contracts/interfaces/IRequestDesk.sol";
import { IStandingRequests } from "../../contracts/interfaces/IStandingRequests.sol";
import { ITreasury } from "../../contracts/interfaces/ITreasury.sol";
import { IVerdictOracle } from "../../contracts/interfaces/IVerdictOracle.sol";
import { AssentTest } from "./base/AssentTest.sol";

/// @notice Stands where a part was, and says that it was called.
contract Beacon {
    error Reached(bytes4 selector);

    fallback() external payable {
        revert Reached(msg.sig);
    }
}

/// @notice One address, three parts: what each answers, and that none can be talked to behind Assent's back.
contract PartsTest is AssentTest {
    address private requests;
    address private agreements;
    bytes4[] private selectors;

    function setUp() public override {
        super.setUp();
        (requests, agreements) = (assent.requests(), assent.agreements());
        _listConsentAndVerdicts();
        _listModelsAndEpochs();
        _listTreasury();
        _listDesk();
        _listConsents();
        _listCore();
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
            ^ type(IModelRegistry).interfaceId ^ type(IEpochs).interfaceId ^ type(ITreasury).interfaceId
            ^ type(IRequestDesk).interfaceId ^ type(IStandingRequests).interfaceId ^ type(ICore).interfaceId
            ^ type(IConsentDesk).interfaceId ^ type(IERC5267).interfaceId ^ type(IAssent).interfaceId;
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
            if (_answers(agreements, selectors[i])) ++parts[i];
        }
        bytes memory beacon = address(new Beacon()).code;
        vm.etch(agreements, beacon);
        for (uint256 i = 0; i < selectors.length; ++i) {
            if (!_reachesBeacon(requests, selectors[i])) ++parts[i];
        }
        vm.etch(requests, beacon);
        for (uint256 i = 0; i < selectors.length; ++i) {
            if (!_reachesBeacon(address(assent), selectors[i])) ++parts[i];
            // Every part that checks signatures knows its domain.
            uint256 wanted = selectors[i] == IERC5267.eip712Domain.selector ? 3 : 1;
            assertEq(parts[i], wanted, vm.toString(selectors[i]));
        }
    }

    /// @dev No wallet and no relayer should have to know of the parts: what is signed is for Assent.
    function test_WhenTheDomainIsAskedFor() public view {
        (,,, uint256 chainId, address verifying,,) = assent.eip712Domain();
        assertEq(verifying, address(assent), "verifying contract");
        assertEq(chainId, block.chainid, "chain");
        (,,,, verifying,,) = IERC5267(requests).eip712Domain();
        assertEq(verifying, requests, "a part's own");
        (,,,, verifying,,) = IERC5267(agreements).eip712Domain();
        assertEq(verifying, agreements, "another's own");
    }

    /// @dev Where the other parts are is in the code, and nothing else: no storage, no way to change it.
    function test_WhenThePartsAreAskedFor() public {
        vm.record();
        assertEq(assent.requests(), requests, "requests");
        assertEq(assent.agreements(), agreements, "agreements");
        assertEq(assent.records(), address(records), "records");
        assertEq(assent.committee(), address(committee), "committee");
        (bytes32[] memory reads,) = vm.accesses(address(assent));
        assertEq(reads.length, 0, "slots read");
        assertEq(IAssent(requests).agreements(), agreements, "the next of the next");
    }

    // What none answers

    function test_RevertWhen_TheSelectorIsUnknown() public {
        address[3] memory parts = [address(assent), requests, agreements];
        for (uint256 i = 0; i < 3; ++i) {
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
        _expectPlainEther(requests, 1 ether);
        (bool success,) = agreements.call{ value: 1 ether }("");
        assertFalse(success, "agreements");
    }

    function test_RevertWhen_EtherIsSentToAFunctionThatTakesNone() public {
        uint256 balance = address(assent).balance;
        bytes4[3] memory unpaid =
            [IVerdictOracle.refuse.selector, IModelRegistry.publish.selector, ICore.settleContest.selector];
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
            _answers(requests, selectors[i]);
            _answers(agreements, selectors[i]);
        }
        (bytes32[] memory reads, bytes32[] memory writes) = vm.accesses(address(assent));
        assertEq(reads.length, 0, "reads");
        assertEq(writes.length, 0, "writes");
        (reads,) = vm.accesses(requests);
        assertGt(reads.length, 0, "but the part's own are");
    }

    /// @dev What the committee tells a part at its own address, Assent doesn't know. Nor does it take the part's word.
    function test_WhenTheCommitteeTellsAPart_ThatAssentKnowsNothingOfIt() public {
        bytes memory epoch = abi.encode(assent.currentEpoch());
        address members = SSTORE2.write(new bytes(40));
        vm.prank(address(committee));
        IAssent(requests).setEpoch(1, 1, 1, members, 7);
        assertEq(IAssent(requests).currentEpoch().number, 1, "there");
        assertEq(abi.encode(assent.currentEpoch()), epoch, "epoch");
        vm.expectRevert(abi.encodeWithSelector(ICore.NotCommittee.selector, requests));
        vm.prank(requests);
        assent.setEpoch(2, 1, 1, members, 0);
    }

    function test_WhenMoneyIsDepositedAtAPart_ThatItIsNoneOfAssents() public {
        vm.startPrank(controller);
        IAssent(requests).deposit{ value: 1 ether }(controller, address(0), 1 ether);
        assertEq(assent.balanceOf(controller, address(0)), 0, "at Assent");
        vm.expectRevert(abi.encodeWithSelector(ITreasury.NothingToWithdraw.selector, controller));
        assent.withdrawBalance(address(0), controller);
        IAssent(requests).withdrawBalance(address(0), controller);
        vm.stopPrank();
        assertEq(controller.balance, 100 ether, "and isn't lost");
    }

    /// @dev Who commits a record at Assent's address meant the records'.
    function test_RevertWhen_ARecordIsCommittedAtAssent() public {
        (bool success, bytes memory reason) =
            address(assent).call(abi.encodeCall(records.commit, (ROOT, subject, "https://vault.example")));
        assertFalse(success, "committed");
        assertEq(reason.length, 0, "it isn't known");
    }

    // Construction

    function test_RevertWhen_ThereIsNothingAtAPartsAddress() public {
        bytes memory code =
            bytes.concat(vm.getCode("Assent.sol:Assent"), abi.encode(makeAddr("nothing"), address(committee)));
        assertEq(_create(code), address(0));
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

    function _listModelsAndEpochs() private {
        selectors.push(IModelRegistry.publish.selector);
        selectors.push(IModelRegistry.deprecate.selector);
        selectors.push(IModelRegistry.modelStatus.selector);
        selectors.push(IModelRegistry.currencyAt.selector);
        selectors.push(IEpochs.currentEpoch.selector);
        selectors.push(IEpochs.epochEnd.selector);
        selectors.push(IEpochs.membersOf.selector);
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
        selectors.push(IRequestDesk.deliverFinal.selector);
        selectors.push(IStandingRequests.stand.selector);
        selectors.push(IStandingRequests.openRound.selector);
        selectors.push(IStandingRequests.endStanding.selector);
        selectors.push(IStandingRequests.standingStatus.selector);
    }

    function _listCore() private {
        selectors.push(ICore.committee.selector);
        selectors.push(ICore.setEpoch.selector);
        selectors.push(ICore.contest.selector);
        selectors.push(ICore.settleContest.selector);
        selectors.push(ICore.isContested.selector);
    }

    function _listRest() private {
        selectors.push(IERC5267.eip712Domain.selector);
        selectors.push(IAssent.requests.selector);
        selectors.push(IAssent.agreements.selector);
        selectors.push(IAssent.records.selector);
    }
}
