// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { IAssent } from "../../../contracts/interfaces/IAssent.sol";
import { IVerdictReceiver } from "../../../contracts/interfaces/IVerdictReceiver.sol";
import { RequestId } from "../../../contracts/types/Ids.sol";
import { RequestState } from "../../../contracts/types/Verdict.sol";

/// @notice A call that a receiver makes.
struct Step {
    address target;
    uint256 value;
    bytes data;
}

/// @notice A controller that is told of its verdicts, and the ways in which one takes that badly.
contract Receiver is IVerdictReceiver {
    enum Manner {
        Keep,
        Refuse,
        Burn,
        Bomb,
        RefuseWithBomb,
        Act
    }

    IAssent public immutable oracle;
    Manner public manner;

    /// What it was told last, and how often.
    uint256 public told;
    uint256 public toldSealed;
    uint256 public toldFinally;
    RequestId public id;
    RequestState public state;
    uint8 public outcome;
    uint32 public score;

    /// The hash of all that its steps returned, and how many of them succeeded.
    bytes32 public results;
    uint256 public succeeded;

    bytes private _reason;
    Step[] private _steps;

    error NotOracle();

    constructor(IAssent oracle_) {
        oracle = oracle_;
    }

    receive() external payable { }

    // What it is to do

    function keep() external {
        manner = Manner.Keep;
    }

    /// @dev Reverts with just these bytes.
    function refuse(bytes memory reason) external {
        (manner, _reason) = (Manner.Refuse, reason);
    }

    function behave(Manner manner_) external {
        manner = manner_;
    }

    /// @dev Makes these calls, one after the other, whether they succeed or not.
    function plan(Step[] memory steps) external {
        manner = Manner.Act;
        delete _steps;
        for (uint256 i = 0; i < steps.length; ++i) {
            _steps.push(steps[i]);
        }
    }

    // What it does

    function onVerdict(RequestId id_, RequestState state_, uint8 outcome_, uint32 score_) external {
        if (msg.sender != address(oracle)) revert NotOracle();
        ++told;
        (id, state, outcome, score) = (id_, state_, outcome_, score_);
        if (manner == Manner.Refuse) _revert(_reason);
        if (manner == Manner.Burn) _burn();
        if (manner == Manner.Bomb) _bomb(false);
        if (manner == Manner.RefuseWithBomb) _bomb(true);
        if (manner == Manner.Act) act();
    }

    /// @dev Told of a sealed verdict, it has neither outcome nor score.
    function onSealed(RequestId id_, RequestState state_) external {
        if (msg.sender != address(oracle)) revert NotOracle();
        ++told;
        ++toldSealed;
        (id, state, outcome, score) = (id_, state_, 0, 0);
        if (manner == Manner.Refuse) _revert(_reason);
        if (manner == Manner.Burn) _burn();
        if (manner == Manner.Bomb) _bomb(false);
        if (manner == Manner.RefuseWithBomb) _bomb(true);
        if (manner == Manner.Act) act();
    }

    function onFinal(RequestId id_, RequestState state_) external {
        if (msg.sender != address(oracle)) revert NotOracle();
        ++toldFinally;
        (id, state) = (id_, state_);
        if (manner == Manner.Refuse) _revert(_reason);
        if (manner == Manner.Act) act();
    }

    function act() public {
        // Of steps that lead back here, each is taken once.
        manner = Manner.Keep;
        bytes32 hash;
        for (uint256 i = 0; i < _steps.length; ++i) {
            (bool success, bytes memory returned) = _steps[i].target.call{ value: _steps[i].value }(_steps[i].data);
            hash = keccak256(abi.encode(hash, success, returned));
            if (success) ++succeeded;
        }
        results = hash;
    }

    function _revert(bytes memory reason) private pure {
        assembly {
            revert(add(reason, 32), mload(reason))
        }
    }

    function _burn() private pure {
        assembly {
            invalid()
        }
    }

    /// @dev A hundred thousand bytes: to copy them would cost the oracle more than they cost the receiver.
    function _bomb(bool failing) private pure {
        assembly {
            let zeros := mload(0x40)
            if failing { revert(zeros, 100000) }
            return(zeros, 100000)
        }
    }
}

/// @notice A controller as it was before there were sealed verdicts.
contract OldReceiver {
    uint256 public told;

    receive() external payable { }

    function onVerdict(RequestId, RequestState, uint8, uint32) external {
        ++told;
    }
}
