// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ECDSA } from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import { Members } from "../../../contracts/libraries/Members.sol";
import { Signing } from "../base/Signing.sol";

/// @dev The library behind a contract, for its signatures are calldata; and the same without assembly.
contract MembersCaller {
    function signed(bytes32 digest, uint256 signers, bytes memory members, bytes calldata signatures)
        external
        view
        returns (bool valid, uint256 index, address recovered)
    {
        return Members.signed(digest, signers, members, signatures);
    }

    function plain(bytes32 digest, uint256 signers, bytes memory members, bytes calldata signatures)
        external
        pure
        returns (bool valid, uint256 index, address recovered)
    {
        uint256 start = 0;
        for (; signers >> index != 0; ++index) {
            if ((signers >> index) & 1 == 0) continue;
            bytes32 r = bytes32(signatures[start:start + 32]);
            (recovered,,) = ECDSA.tryRecover(digest, r, bytes32(signatures[start + 32:start + 64]));
            start += 64;
            if (recovered != _member(members, index)) return (false, index, recovered);
        }
        return (true, index, recovered);
    }

    function get(bytes memory members, uint256 index) external pure returns (address) {
        return Members.get(members, index);
    }

    /// @return Whether what stood in memory before the call still does, and what is put there after doesn't harm it.
    function leavesMemoryAlone(bytes32 digest, uint256 signers, bytes memory members, bytes calldata signatures)
        external
        view
        returns (bool)
    {
        bytes memory before = signatures;
        bytes32 membersDigest = keccak256(members);
        Members.signed(digest, signers, members, signatures);
        bytes memory after_ = signatures;
        bytes memory empty; // points to the zero slot, which must still be zero
        bool same = keccak256(before) == keccak256(signatures) && keccak256(after_) == keccak256(signatures);
        return same && keccak256(members) == membersDigest && empty.length == 0;
    }

    function _member(bytes memory members, uint256 index) private pure returns (address) {
        uint160 member = 0;
        for (uint256 i = 0; i < 20; ++i) {
            member = member << 8 | uint8(members[20 * index + i]);
        }
        return address(member);
    }
}

/// @notice `Members.signed` is assembly; it answers as the plain version does, whatever it is given.
contract MembersTest is Signing {
    uint256 private constant HALF_ORDER = ORDER / 2;
    uint256 private constant MOST = 64;

    enum Fault {
        None,
        Stranger,
        OtherMember,
        OtherDigest,
        FlippedV,
        MirroredS,
        ZeroR,
        ZeroS,
        ZeroAll,
        LargeR,
        HighS,
        LargestS,
        Random,
        Swapped,
        OtherBit
    }

    MembersCaller private caller;
    uint256[] private keys;
    address[] private accounts;

    function setUp() public {
        caller = new MembersCaller();
        for (uint256 i = 0; i < MOST; ++i) {
            keys.push(uint256(keccak256(abi.encode("member", i))) % (ORDER - 1) + 1);
            accounts.push(vm.addr(keys[i]));
        }
    }

    // Against the plain version

    function testFuzz_Signed_AnswersAsThePlainVersion(
        bytes32 digest,
        uint256 size,
        uint64 signers,
        uint256 fault,
        uint256 which,
        uint256 random
    ) public view {
        size = bound(size, 1, MOST);
        uint256 named = signers >> (64 - size);
        bytes memory signatures = _sign(digest, named);
        Fault kind = Fault(bound(fault, 0, uint256(type(Fault).max)));
        if (signatures.length != 0 && kind != Fault.None) {
            (signatures, named) = _spoil(signatures, named, kind, which, random);
        }
        bool valid = _assertAgree(digest, named, _pack(size), signatures);
        if (kind == Fault.None || signatures.length == 0) assertTrue(valid, "valid");
        if (_isFatal(kind) && signatures.length != 0) assertFalse(valid, "fatal");
    }

    function testFuzz_Signed_AnswersAsThePlainVersion_OfAnyBytes(
        bytes32 digest,
        bytes32[12] memory words,
        uint8 signers,
        uint256 member
    ) public view {
        uint256 named = uint256(signers) & 0x3f;
        bytes memory members = _pack(6);
        // Make one of the members whoever the bytes recover, so that some answers are yes.
        (address recovered,,) = ECDSA.tryRecover(digest, words[0], words[1]);
        if (recovered != address(0)) members = _replaced(members, member % 6, recovered);
        _assertAgree(digest, named, members, abi.encodePacked(words));
        _assertAgree(digest, 1 << (member % 6), members, abi.encodePacked(words[0], words[1]));
    }

    // What is valid

    function test_Signed_IsTrue_OfEveryCommittee() public view {
        bytes32 digest = keccak256("report");
        for (uint256 size = 1; size <= MOST; ++size) {
            uint256 all = (1 << size) - 1;
            assertTrue(_assertAgree(digest, all, _pack(size), _sign(digest, all)), "all");
            uint256 last = 1 << (size - 1);
            assertTrue(_assertAgree(digest, last, _pack(size), _sign(digest, last)), "the last");
        }
    }

    function test_Signed_IsTrue_OfNobody() public view {
        assertTrue(_assertAgree(keccak256("report"), 0, _pack(4), ""), "nobody named");
    }

    // What isn't

    function testFuzz_Signed_NamesTheFirstThatDidNot(uint64 signers, uint256 which) public view {
        bytes32 digest = keccak256("report");
        signers |= 1;
        bytes memory signatures = _sign(digest, signers);
        uint256 position = which % (signatures.length / 64);
        // All from there on sign something else: the first of them is the one to be named.
        bytes memory wrong = _sign(keccak256("other"), signers);
        signatures = bytes.concat(slice(signatures, 0, 64 * position), slice(wrong, 64 * position, wrong.length));
        (bool valid, uint256 index, address recovered) = caller.signed(digest, signers, _pack(MOST), signatures);
        assertFalse(valid, "valid");
        assertEq(index, _place(signers, position), "index");
        (bytes32 r, bytes32 vs) = abi.decode(slice(wrong, 64 * position, 64 * position + 64), (bytes32, bytes32));
        (address wanted,,) = ECDSA.tryRecover(digest, r, vs);
        assertEq(recovered, wanted, "recovered");
    }

    /// @dev Plain `ecrecover` takes a high s, and with r and s chosen freely somebody always signed: make that one the member.
    function testFuzz_Signed_IsFalse_IfSIsHigh(bytes32 digest, uint256 s, bool odd) public view {
        s = bound(s, HALF_ORDER + 1, V_BIT - 1);
        (bytes32 r,) = vm.signCompact(keys[0], digest);
        address member = ecrecover(digest, odd ? 28 : 27, r, bytes32(s));
        vm.assume(member != address(0));
        bytes memory signature = abi.encodePacked(r, s | (odd ? V_BIT : 0));
        assertFalse(_assertAgree(digest, 1, abi.encodePacked(member), signature), "high");
    }

    /// @dev The largest s that is low: the boundary is on the right side.
    function testFuzz_Signed_IsTrue_IfSIsJustLow(bytes32 digest, uint256 below, bool odd) public view {
        uint256 s = HALF_ORDER - bound(below, 0, 3);
        (bytes32 r,) = vm.signCompact(keys[0], digest);
        address member = ecrecover(digest, odd ? 28 : 27, r, bytes32(s));
        vm.assume(member != address(0));
        bytes memory signature = abi.encodePacked(r, s | (odd ? V_BIT : 0));
        assertTrue(_assertAgree(digest, 1, abi.encodePacked(member), signature), "low");
    }

    /// @dev What was recovered before must not pass for what can't be recovered now.
    function test_Signed_IsFalse_IfTheSameMemberStandsTwiceAndSignsOnce() public view {
        bytes32 digest = keccak256("report");
        bytes memory members = abi.encodePacked(accounts[0], accounts[0]);
        bytes memory signature = _sign(digest, 1);
        assertTrue(_assertAgree(digest, 3, members, bytes.concat(signature, signature)), "twice");
        assertFalse(_assertAgree(digest, 3, members, bytes.concat(signature, new bytes(64))), "once");
    }

    function test_Signed_IsFalse_IfTheMembersAreInAnotherOrder() public view {
        bytes32 digest = keccak256("report");
        bytes memory members = abi.encodePacked(accounts[1], accounts[0]);
        assertFalse(_assertAgree(digest, 3, members, _sign(digest, 3)));
    }

    /// @dev Too little gas for the precompile must read as no signer, never as the one before.
    function testFuzz_Signed_IsNeverTrueForWantOfGas(uint256 gas_) public view {
        bytes32 digest = keccak256("report");
        bytes memory members = abi.encodePacked(accounts[0], accounts[0]);
        bytes memory signatures = bytes.concat(_sign(digest, 1), new bytes(64));
        try caller.signed{ gas: bound(gas_, 1000, 40_000) }(digest, 3, members, signatures) returns (
            bool valid, uint256, address
        ) {
            assertFalse(valid);
        } catch { }
    }

    // Memory

    function testFuzz_Signed_LeavesMemoryAlone(bytes32 digest, uint64 signers) public view {
        assertTrue(caller.leavesMemoryAlone(digest, signers, _pack(MOST), _sign(digest, signers)));
    }

    function testFuzz_Get_IsTheMemberAtThePlace(uint256 size, uint256 index) public view {
        size = bound(size, 1, MOST);
        index = bound(index, 0, size - 1);
        assertEq(caller.get(_pack(size), index), accounts[index]);
    }

    // Internals

    function _assertAgree(bytes32 digest, uint256 signers, bytes memory members, bytes memory signatures)
        private
        view
        returns (bool)
    {
        (bool valid, uint256 index, address recovered) = caller.signed(digest, signers, members, signatures);
        (bool wanted, uint256 wantedIndex, address wantedRecovered) = caller.plain(digest, signers, members, signatures);
        assertEq(valid, wanted, "valid");
        assertEq(index, wantedIndex, "index");
        assertEq(recovered, wantedRecovered, "recovered");
        return valid;
    }

    /// @dev Faults after which the signature in question can't be the member's, whatever the digest.
    function _isFatal(Fault kind) private pure returns (bool) {
        return kind != Fault.None && kind != Fault.Swapped && kind != Fault.OtherBit;
    }

    function _spoil(bytes memory signatures, uint256 signers, Fault kind, uint256 which, uint256 random)
        private
        view
        returns (bytes memory, uint256)
    {
        uint256 position = which % (signatures.length / 64);
        uint256 place = _place(signers, position);
        if (kind == Fault.OtherBit) return (signatures, signers ^ (1 << place) | (1 << (place / 2)));
        if (kind == Fault.Swapped) {
            uint256 other = random % (signatures.length / 64);
            bytes memory one = _at(signatures, position);
            signatures = _put(signatures, position, _at(signatures, other));
            return (_put(signatures, other, one), signers);
        }
        return (_put(signatures, position, _wrong(_at(signatures, position), kind, place, random)), signers);
    }

    /// @return A signature that isn't the member's at this place.
    function _wrong(bytes memory signature, Fault kind, uint256 place, uint256 random)
        private
        view
        returns (bytes memory)
    {
        (bytes32 r, uint256 vs) = abi.decode(signature, (bytes32, uint256));
        if (kind == Fault.Stranger) return _compact(uint256(keccak256("stranger")) % ORDER, bytes32(random));
        if (kind == Fault.OtherMember) return _compact(keys[(place + 1) % MOST], bytes32(random));
        if (kind == Fault.OtherDigest) return _compact(keys[place], bytes32(random));
        if (kind == Fault.FlippedV) return flipV(signature);
        if (kind == Fault.MirroredS) return malleateCompact(signature);
        if (kind == Fault.ZeroR) return abi.encodePacked(bytes32(0), vs);
        if (kind == Fault.ZeroS) return abi.encodePacked(r, random & V_BIT);
        if (kind == Fault.ZeroAll) return new bytes(64);
        if (kind == Fault.LargeR) return abi.encodePacked(ORDER + bound(random, 0, type(uint256).max - ORDER), vs);
        if (kind == Fault.HighS) return abi.encodePacked(r, bound(random, HALF_ORDER + 1, V_BIT - 1) | (vs & V_BIT));
        if (kind == Fault.LargestS) return abi.encodePacked(r, type(uint256).max);
        return abi.encodePacked(keccak256(abi.encode(random)), random);
    }

    function _compact(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (bytes32 r, bytes32 vs) = vm.signCompact(key, digest);
        return abi.encodePacked(r, vs);
    }

    function _sign(bytes32 digest, uint256 signers) private view returns (bytes memory signatures) {
        for (uint256 i = 0; i < MOST; ++i) {
            if ((signers >> i) & 1 == 1) signatures = bytes.concat(signatures, _compact(keys[i], digest));
        }
    }

    function _pack(uint256 size) private view returns (bytes memory members) {
        for (uint256 i = 0; i < size; ++i) {
            members = bytes.concat(members, bytes20(accounts[i]));
        }
    }

    /// @return bit Of the signer whose signature stands at this position.
    function _place(uint256 signers, uint256 position) private pure returns (uint256 bit) {
        while ((signers >> bit) & 1 == 0 || position != 0) {
            if ((signers >> bit) & 1 == 1) --position;
            ++bit;
        }
    }

    function _at(bytes memory signatures, uint256 position) private pure returns (bytes memory) {
        return slice(signatures, 64 * position, 64 * position + 64);
    }

    function _put(bytes memory signatures, uint256 position, bytes memory one) private pure returns (bytes memory) {
        bytes memory rest = slice(signatures, 64 * position + 64, signatures.length);
        return bytes.concat(slice(signatures, 0, 64 * position), one, rest);
    }

    function _replaced(bytes memory members, uint256 index, address member) private pure returns (bytes memory) {
        bytes memory rest = slice(members, 20 * index + 20, members.length);
        return bytes.concat(slice(members, 0, 20 * index), bytes20(member), rest);
    }
}
