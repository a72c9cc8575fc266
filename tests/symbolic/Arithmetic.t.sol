// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { LibBit } from "solady/utils/LibBit.sol";

import { Members } from "../../contracts/libraries/Members.sol";
import { PoolId } from "../../contracts/types/Ids.sol";
import { PoolSlot, Pools } from "../../contracts/types/Pool.sol";
import { Quote, Quoted, Quotes } from "../../contracts/types/Quote.sol";
import { SignersLib } from "../../contracts/types/Signers.sol";

/// @notice Numbers: how many sign, and who has what of the money. Each `check_` is proven for all arguments that its first lines let through.
contract ArithmeticProof {
    uint256 private constant MAX_MEMBERS = 64;

    // How many sign

    function check_MajorityIsMoreThanHalfAndCanBeReached(uint256 size) external pure {
        if (size == 0 || size > MAX_MEMBERS) return;
        uint256 majority = Members.majority(size);
        assert(2 * majority > size && majority <= size);
        assert(2 * (majority - 1) <= size); // no more than it must be
    }

    /// @dev A report's quorum, as `Quorum._checkReport` has it: it can always be reached, and is at least what the model asks for.
    function check_ReportsQuorumIsReachable(uint256 size, uint256 quorum) external pure {
        if (size == 0 || size > MAX_MEMBERS || quorum > size) return;
        uint256 majority = Members.majority(size);
        uint256 wanted = quorum < majority ? majority : quorum;
        assert(wanted <= size && wanted >= quorum && 2 * wanted > size);
    }

    // Bitmaps of signers

    // What `popCount` counts. For 64 bits at once no solver here comes to an end, so by induction: of nibbles outright, and of a number of 8,
    // 16, 32 and 64 bits as of its halves.

    function check_PopCountOfANibbleIsItsBits(uint256 x) external pure {
        if (x >= 16) return;
        assert(LibBit.popCount(x) == (x & 1) + ((x >> 1) & 1) + ((x >> 2) & 1) + (x >> 3));
    }

    function check_PopCountOf8BitsIsOfItsHalves(uint8 x) external pure {
        assert(LibBit.popCount(x) == LibBit.popCount(x & 0xf) + LibBit.popCount(x >> 4));
    }

    function check_PopCountOf16BitsIsOfItsHalves(uint16 x) external pure {
        assert(LibBit.popCount(x) == LibBit.popCount(x & 0xff) + LibBit.popCount(x >> 8));
    }

    function check_PopCountOf32BitsIsOfItsHalves(uint32 x) external pure {
        assert(LibBit.popCount(x) == LibBit.popCount(x & 0xffff) + LibBit.popCount(x >> 16));
    }

    function check_PopCountOf64BitsIsOfItsHalves(uint64 x) external pure {
        assert(LibBit.popCount(x) == LibBit.popCount(x & 0xffffffff) + LibBit.popCount(x >> 32));
    }

    /// @dev More than half of a committee signed each: one member signed both.
    function check_TwoReportsOfAnEpochShareAMember(uint256 a, uint256 b, uint256 size) external pure {
        if (size == 0 || size > MAX_MEMBERS || (a | b) >> size != 0) return;
        uint256 majority = Members.majority(size);
        if (LibBit.popCount(a) < majority || LibBit.popCount(b) < majority) return;
        assert(a & b != 0);
    }

    function check_NoSetIsLargerThanItsCommittee(uint64 signers, uint256 size) external pure {
        if (size > MAX_MEMBERS || uint256(signers) >> size != 0) return;
        assert(LibBit.popCount(signers) <= size);
    }

    // A quote

    function check_QuotePartsDoNotOverlap(Quoted memory quoted) external pure {
        Quote quote = Quotes.pack(quoted);
        assert(quote.outcomeCount() == quoted.outcomeCount && quote.quorum() == quoted.quorum);
        assert(quote.currency() == quoted.currency && quote.fee() == quoted.fee && quote.price() == quoted.price);
        assert(uint16(Quote.unwrap(quote) >> 16) == quoted.royalty);
        assert(quote.total() == uint256(quoted.fee) + quoted.price);
    }

    function check_FeeIsRoyaltyAndOperatorsPart(Quoted memory quoted) external pure {
        if (quoted.royalty > 5000) return;
        Quote quote = Quotes.pack(quoted);
        assert(quote.royalty() + quote.operatorsPart() == quoted.fee);
        assert(quote.royalty() <= quoted.fee);
    }

    function check_EscrowIsPaidOutWhole(Quoted memory quoted) external pure {
        if (quoted.royalty > 5000) return;
        Quote quote = Quotes.pack(quoted);
        assert(quote.operatorsPart() + quote.royalty() + quote.price() == quote.total());
        assert(quote.rewardsOthers() || quote.operatorsPart() == quote.total());
    }

    // Shares of a pool

    /// @dev `collect`: all members together have no more than the pool earned, and less than one unit a member waits. Of a division of 256 bits no
    /// solver here knows more than its definition, which is therefore given: what it yields and what is left. The fuzz tests divide.
    function check_SharesAreCovered(uint96 earned, uint96 share, uint96 rest, uint8 signers) external pure {
        if (signers == 0 || signers > MAX_MEMBERS || rest >= signers) return;
        if (uint256(share) * signers + rest != earned) return;
        assert(uint256(share) * signers <= earned && earned - uint256(share) * signers < signers);
    }

    /// @dev What is earned touches neither signers nor epoch, currency or time, and none of it is lost.
    function check_EarningsStayInTheirPlace(uint256 word, uint256 amount) external pure {
        if (amount >= 1 << 255) return;
        (PoolSlot sum, uint256 carry) = PoolSlot.wrap(word).plus(amount);
        uint256 changed = PoolSlot.unwrap(sum);
        assert(changed << 1 >> 97 == word << 1 >> 97);
        assert(sum.carries() == (PoolSlot.wrap(word).carries() || carry != 0));
        assert((carry << 96) + uint96(changed) == uint96(word) + amount);
    }

    /// @dev Other signers, another epoch or currency: another pool; and no root's pool is one of signers.
    function check_PoolsAreKeptApart(uint32[2] memory epochs, uint64[2] memory signers, uint32[2] memory currencies)
        external
        pure
    {
        if (currencies[0] > Pools.MAX_CURRENCY || currencies[1] > Pools.MAX_CURRENCY) return;
        bytes32 one = PoolId.unwrap(Pools.id(SignersLib.pack(epochs[0], signers[0]), currencies[0]));
        bytes32 other = PoolId.unwrap(Pools.id(SignersLib.pack(epochs[1], signers[1]), currencies[1]));
        bool same = epochs[0] == epochs[1] && signers[0] == signers[1] && currencies[0] == currencies[1];
        assert((one == other) == same);
    }

    function check_NoRootsPoolIsOneOfSigners(
        uint32 epoch,
        uint64 signers,
        uint32[2] memory currencies,
        bytes32 root,
        uint8 quorum
    ) external pure {
        if (currencies[0] > Pools.MAX_CURRENCY) return;
        PoolId one = Pools.id(SignersLib.pack(epoch, signers), currencies[0]);
        PoolId other = Pools.id(root, currencies[1], quorum);
        assert(PoolId.unwrap(one) != PoolId.unwrap(other));
    }

    // Rounds

    /// @dev Rounds opened and rounds refunded are together what was paid.
    function check_RoundsPaidAreOpenedOrRefunded(uint256 total, uint256 rounds, uint256 opened_) external pure {
        if (total >= 1 << 97 || rounds > type(uint32).max || opened_ > rounds) return;
        uint256 refund = total * (rounds - opened_);
        assert(refund + total * opened_ == total * rounds);
    }
}
