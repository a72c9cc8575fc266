// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Questions } from "./Question.sol";

/// @notice Where an operator stands with the committee.
enum Place {
    /// Never joined, left, pushed out of the waiting list, or struck off: `renew` brings it back, unless it resigned.
    Out,
    Waiting,
    Roll
}

/// @notice A staked oracle node.
struct Operator {
    /// Key that signs reports and rulings, from the next epoch on.
    address attester;
    /// In wei.
    uint96 stake;
    /// Until when it takes part without saying so again (Unix time).
    uint40 lease;
    /// The last epoch that had it on its roll, once it left; its stake is bonded until that one's `bondedUntil`.
    uint32 lastEpoch;
    Place place;
    bool resigned;
    /// The current epoch when it was convicted last: for nothing else that it signed until then is anything taken.
    uint32 convictedIn;
    /// X25519 public key to which vaults seal fields (HPKE, RFC 9180).
    bytes32 sealKey;
    /// Base URL of its HTTP interface.
    string endpoint;
}

/// @notice Every operator of one epoch, by seniority. The first `seats` sign reports; the rest are the reserve. All of them judge.
/// @dev One storage slot; the code of `members` has their attesters, 20 bytes each, and behind them the operators themselves.
struct Roll {
    address members;
    /// How many of the first sign: 0 if so few have a whole stake that no report is accepted.
    uint8 seats;
    uint8 size;
    /// First second at which an operator of which it was the last epoch may take its stake back (Unix time); 0 while it lasts.
    uint40 bondedUntil;
}

/// @notice What a committee goes by, for ever. Stakes are in wei, times in seconds.
struct CommitteeTerms {
    /// How many of the roll sign reports.
    uint8 seats;
    /// No roll has more operators, and no rotation makes one with fewer.
    uint8 maxRoll;
    uint8 minRoll;
    /// Without as much nobody joins, waits or has a seat; without a penalty's worth nobody judges or stays on the roll.
    uint96 minStake;
    uint96 penalty;
    /// What a challenge costs who is wrong.
    uint96 bond;
    /// For how long the core lets a verdict be challenged, its bench judge, and an arbiter rule.
    uint40 window;
    uint40 judgingTime;
    uint40 rulingTime;
    /// First second (Unix time) at which the first epoch may be formed: founders join until then, and nobody can be first with friends alone.
    uint40 start;
    /// Shortest time between two rotations; for how long a renewal holds; and for how long an epoch that a rotation ended may still sign.
    uint40 epochLength;
    uint40 lease;
    uint40 grace;
    /// From the end of an operator's last epoch to the payment of its stake.
    uint40 unbonding;
    /// Who says which operators may take part (`IAdmission`); the zero address: anyone.
    address admission;
}

library Rolls {
    /// A bitmap of judges has 64 bits.
    uint256 internal constant MAX_ROLL = 64;
    uint256 internal constant MAX_WAITING = 64;
    /// Two could convict each other.
    uint256 internal constant MIN_ROLL = 3;
    /// At most one of so many leaves of its own will at a rotation, or by being outbid; and as many enter.
    uint256 internal constant CHURN = 8;
    /// Who enters a full roll has so much more at stake than the lowest there.
    uint256 internal constant OUTBID_NUMERATOR = 5;
    uint256 internal constant OUTBID_DENOMINATOR = 4;
    /// No time may be longer: sums of times fit their types.
    uint256 internal constant MAX_TIME = 3650 days;

    /// What an attester signs to show that its key is the operator's own.
    bytes32 internal constant JOINING_TYPEHASH =
        keccak256("Joining(address operator,bytes32 sealKey,string endpoint,uint256 deadline)");

    error TermMalformed(string term);

    function hashJoining(address operator, bytes32 sealKey, string calldata endpoint, uint256 deadline)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(JOINING_TYPEHASH, operator, sealKey, keccak256(bytes(endpoint)), deadline));
    }

    /// @dev While a verdict can be challenged, judged or ruled on, the stakes of who signed and judges it must be there.
    function check(CommitteeTerms memory terms) internal pure {
        if (terms.minRoll < MIN_ROLL) revert TermMalformed("minRoll");
        // So many have a seat in any epoch that accepts reports.
        if (terms.seats < terms.minRoll) revert TermMalformed("seats");
        if (terms.maxRoll < terms.seats || terms.maxRoll > MAX_ROLL) revert TermMalformed("maxRoll");
        // Who is convicted once is still a judge.
        if (terms.penalty == 0 || terms.penalty > terms.minStake / 2) revert TermMalformed("penalty");
        // A quarter of what is taken for the least lie pays the challenger and its judges each.
        if (terms.bond == 0 || terms.bond > terms.penalty / 2) revert TermMalformed("bond");
        if (terms.window == 0 || terms.window > MAX_TIME) revert TermMalformed("window");
        if (terms.judgingTime == 0 || terms.judgingTime > MAX_TIME) revert TermMalformed("judgingTime");
        if (terms.rulingTime > MAX_TIME) revert TermMalformed("rulingTime");
        if (terms.epochLength == 0 || terms.epochLength > MAX_TIME) revert TermMalformed("epochLength");
        if (terms.lease < terms.epochLength || terms.lease > MAX_TIME) revert TermMalformed("lease");
        if (terms.grace > MAX_TIME) revert TermMalformed("grace");
        uint256 contested = uint256(terms.window) + terms.judgingTime + terms.rulingTime + 1 days;
        bool bonded = terms.unbonding > Questions.MAX_CLAIM + terms.grace + contested;
        if (!bonded || terms.unbonding > 6 * MAX_TIME) revert TermMalformed("unbonding");
    }
}
