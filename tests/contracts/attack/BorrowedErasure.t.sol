// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Signatures } from "../../../contracts/libraries/Signatures.sol";
import { Agreements } from "../../../contracts/types/Agreement.sol";
import { Wallet } from "../base/Wallets.sol";
import { ConsentTest } from "../consent/ConsentTest.sol";

/// @notice What a wallet signed about its own erasure was good for every other wallet of the same owner: the signed struct named nobody.
contract BorrowedErasureTest is ConsentTest {
    function test_AStatementIsOfWhoSignedIt() public {
        give();
        withdraw();
        (address owner, uint256 key) = makeAddrAndKey("owner of both");
        Wallet one = new Wallet(owner);
        Wallet other = new Wallet(owner);
        bytes32 erasure = Agreements.hashErasure(agreementId, address(one), "statement", deadline());
        bytes memory signature = expand(signFor(domainSeparator(block.chainid, address(records)), key, erasure));
        records.attestErasureBySig(agreementId, address(one), "statement", deadline(), signature);
        vm.expectRevert(abi.encodeWithSelector(Signatures.SignatureInvalid.selector, address(other)));
        records.attestErasureBySig(agreementId, address(other), "statement", deadline(), signature);
        vm.expectRevert(abi.encodeWithSelector(Signatures.SignatureInvalid.selector, owner));
        records.attestErasureBySig(agreementId, owner, "statement", deadline(), signature);
    }
}
