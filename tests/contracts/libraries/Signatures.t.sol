// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ECDSA } from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import { Signatures } from "../../../contracts/libraries/Signatures.sol";
import { Signing } from "../base/Signing.sol";
import { Answer, Wallet } from "../base/Wallets.sol";

contract SignaturesCaller {
    function check(address signer, bytes32 digest, uint256 deadline, bytes calldata signature) external view {
        Signatures.check(signer, digest, deadline, signature);
    }

    function checkKey(address signer, bytes32 digest, uint256 deadline, bytes calldata signature) external view {
        Signatures.checkKey(signer, digest, deadline, signature);
    }

    /// @return signer Whom OpenZeppelin takes for the signer, which knows neither a high s nor a second form.
    function plain(bytes32 digest, bytes calldata signature) external pure returns (address signer) {
        if (signature.length == 64) {
            (signer,,) = ECDSA.tryRecover(digest, bytes32(signature[:32]), bytes32(signature[32:]));
        } else {
            (signer,,) = ECDSA.tryRecover(digest, signature);
        }
    }
}

/// @notice Whose signature it is, as OpenZeppelin's `ECDSA` has it; what wallets answer is in the tests of `giveBySig` and `withdrawBySig`.
contract SignaturesTest is Signing {
    bytes32 private constant DIGEST = keccak256("digest");
    uint256 private constant HALF_ORDER = ORDER / 2;

    SignaturesCaller private caller;
    address private signer;
    uint256 private signerKey;
    uint256 private until;

    function setUp() public {
        caller = new SignaturesCaller();
        (signer, signerKey) = makeAddrAndKey("signer");
        until = vm.getBlockTimestamp();
    }

    function test_WhenTheKeySigned() public view {
        bytes memory signature = _signature(signerKey);
        caller.check(signer, DIGEST, until, signature);
        caller.check(signer, DIGEST, until, expand(signature));
        caller.checkKey(signer, DIGEST, until, signature);
        caller.checkKey(signer, DIGEST, until, expand(signature));
    }

    function test_RevertWhen_TheDeadlineHasPassed() public {
        bytes memory signature = _signature(signerKey);
        skip(1);
        bytes memory reason =
            abi.encodeWithSelector(Signatures.SignatureDeadlinePassed.selector, until, vm.getBlockTimestamp());
        vm.expectRevert(reason);
        caller.check(signer, DIGEST, until, signature);
        vm.expectRevert(reason);
        caller.checkKey(signer, DIGEST, until, signature);
    }

    /// @dev A wallet may sign what concerns it alone, but can't be an attester.
    function test_WhenTheSignerIsAWallet() public {
        Wallet wallet = new Wallet(signer);
        bytes memory signature = expand(_signature(signerKey));
        caller.check(address(wallet), DIGEST, until, signature);
        vm.expectRevert(abi.encodeWithSelector(Signatures.SignatureInvalid.selector, address(wallet)));
        caller.checkKey(address(wallet), DIGEST, until, signature);
    }

    function test_WhenTheSignerIsAKeyWithDelegatedCode() public {
        (address owner, uint256 ownerKey) = makeAddrAndKey("owner");
        vm.etch(signer, abi.encodePacked(hex"ef0100", address(new Wallet(owner))));
        bytes memory signature = expand(_signature(ownerKey));
        caller.check(signer, DIGEST, until, signature);
        vm.expectRevert(abi.encodeWithSelector(Signatures.SignatureInvalid.selector, signer));
        caller.checkKey(signer, DIGEST, until, signature);
        caller.checkKey(signer, DIGEST, until, _signature(signerKey));
    }

    function test_WhenTheWalletIsInABadMood() public {
        Wallet wallet = new Wallet(signer);
        bytes memory signature = expand(_signature(signerKey));
        for (uint8 i = 1; i <= uint8(type(Answer).max); ++i) {
            wallet.set(Answer(i));
            vm.expectRevert(abi.encodeWithSelector(Signatures.SignatureInvalid.selector, address(wallet)));
            caller.check{ gas: 1_000_000 }(address(wallet), DIGEST, until, signature);
        }
    }

    /// @dev A signature that recovers nobody must not pass for the zero address's.
    function testFuzz_RevertWhen_TheSignerIsTheZeroAddress(bytes memory signature) public {
        vm.assume(caller.plain(DIGEST, signature) == address(0));
        _expectInvalid(address(0), signature);
        _expectInvalid(address(0), new bytes(64));
        _expectInvalid(address(0), new bytes(65));
    }

    function testFuzz_WhenTheSignatureIsAny(bytes memory signature) public {
        _assertAsPlain(signature);
    }

    /// @dev With an r that is good, about every s recovers somebody; in both forms, high and low.
    function testFuzz_WhenRIsGood(uint256 key, uint256 s, uint8 v) public {
        (, bytes32 r,) = vm.sign(boundPrivateKey(key), DIGEST);
        _assertAsPlain(abi.encodePacked(r, s));
        _assertAsPlain(abi.encodePacked(r, s, v));
        _assertAsPlain(abi.encodePacked(r, s, 27 + v % 2));
        _assertAsPlain(abi.encodePacked(r, bound(s, HALF_ORDER - 2, HALF_ORDER + 2), 27 + v % 2));
        uint256 edge = bound(s, HALF_ORDER - 2, HALF_ORDER + 2);
        _assertAsPlain(abi.encodePacked(r, edge | (v % 2 == 0 ? 0 : V_BIT)));
    }

    /// @dev The two forms of one signature, and nothing near them.
    function testFuzz_WhenTheSignatureIsNearlyGood(uint256 key, uint256 bit) public {
        key = boundPrivateKey(key);
        bytes memory signature = _signature(key);
        address by = vm.addr(key);
        caller.check(by, DIGEST, until, signature);
        _expectInvalid(by, malleate(signature));
        _expectInvalid(by, malleateCompact(signature));
        _expectInvalid(by, flipV(signature));
        _expectInvalid(by, bytes.concat(signature, hex"00"));
        bit = bound(bit, 0, 511);
        signature[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        _expectInvalid(by, signature);
        _expectInvalid(by, expand(signature));
    }

    function _assertAsPlain(bytes memory signature) private {
        address wanted = caller.plain(DIGEST, signature);
        if (wanted != address(0)) caller.checkKey(wanted, DIGEST, until, signature);
        _expectInvalid(address(0), signature);
        _expectInvalid(signer, signature);
        // Whoever plain `ecrecover` would name, if it isn't whom OpenZeppelin does.
        address raw = _raw(signature);
        if (raw != wanted && raw != address(0)) _expectInvalid(raw, signature);
    }

    /// @return Whom the precompile alone names, which takes a high s.
    function _raw(bytes memory signature) private pure returns (address) {
        if (signature.length == 64) {
            (bytes32 r, uint256 vs) = abi.decode(signature, (bytes32, uint256));
            return ecrecover(DIGEST, uint8(27 + (vs >> 255)), r, bytes32(vs & ~V_BIT));
        }
        if (signature.length != 65) return address(0);
        (bytes32 r_, bytes32 s) = abi.decode(signature, (bytes32, bytes32));
        return ecrecover(DIGEST, uint8(signature[64]), r_, s);
    }

    function _expectInvalid(address by, bytes memory signature) private {
        bytes memory reason = abi.encodeWithSelector(Signatures.SignatureInvalid.selector, by);
        vm.expectRevert(reason);
        caller.check(by, DIGEST, until, signature);
        vm.expectRevert(reason);
        caller.checkKey(by, DIGEST, until, signature);
    }

    function _signature(uint256 key) private pure returns (bytes memory) {
        (bytes32 r, bytes32 vs) = vm.signCompact(key, DIGEST);
        return abi.encodePacked(r, vs);
    }
}
