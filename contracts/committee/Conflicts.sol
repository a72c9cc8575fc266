// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ECDSA } from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import { MessageHashUtils } from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import { FixedPointMathLib } from "solady/utils/FixedPointMathLib.sol";

import { IConflicts } from "../interfaces/IConflicts.sol";
import { IRequestDesk } from "../interfaces/IRequestDesk.sol";
import { ReportTree } from "../libraries/ReportTree.sol";
import { Agreements } from "../types/Agreement.sol";
import { AgreementId, RequestId } from "../types/Ids.sol";
import { Model, Models } from "../types/Model.sol";
import { Operator } from "../types/Roll.sol";
import { Under } from "../types/Standing.sol";
import { Testimony } from "../types/Testimony.sol";
import { Request, RequestState, Verdict, Verdicts } from "../types/Verdict.sol";
import { Bench } from "./Bench.sol";

/// @dev Whose own signatures convict it, whatever a bench says.
abstract contract Conflicts is IConflicts, Bench {
    using Models for Model;
    using Verdicts for Request;

    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");

    /// @inheritdoc IConflicts
    function punishConflict(
        Under calldata under,
        Model calldata model,
        Testimony calldata first,
        Testimony calldata second
    ) external {
        Request calldata asked = first.request;
        RequestId id = asked.id();
        if (RequestId.unwrap(second.request.id()) != RequestId.unwrap(id) || !_wasAsked(id)) {
            revert TestimonyIrrelevant(id);
        }
        AgreementId agreement = Agreements.id(under.source, asked.controller, Agreements.termsId(under.terms));
        bool same = AgreementId.unwrap(agreement) == AgreementId.unwrap(asked.agreement);
        if (!same || model.id() != under.terms.model) revert TestimonyIrrelevant(id);
        if (!_contradict(first.verdict, second.verdict, model)) revert TestimoniesCompatible(id);
        address operator = _witness(first);
        if (_witness(second) != operator) revert TestimonyIrrelevant(id);
        // As of who signed false verdicts, once for all that it signed until then.
        Operator storage info = _operators[operator];
        uint256 epoch = FixedPointMathLib.max(first.epoch, second.epoch);
        if (epoch > _epoch) revert TestimonyIrrelevant(id); // not yet: in an epoch to come it would count after any punishment
        if (epoch <= info.convictedIn) revert AlreadyPunished(id, operator);
        info.convictedIn = _epoch;
        uint256 taken = _take(id, operator);
        // Else a wei would do, to end one epoch after another.
        if (taken < _penalty) revert NothingToTake(operator);
        uint256 reward = _bond; // half a penalty at most
        _credits[msg.sender] += reward;
        _kept[_epoch] += taken - reward;
        address[] memory guilty = new address[](1);
        guilty[0] = operator;
        _unseat(guilty);
    }

    /// @dev An honest operator signs what is within the tolerance of its own score: two such are at most twice that apart. One score may have
    /// two labels where a model has more than two: of two that tie, each will do.
    function _contradict(Verdict calldata first, Verdict calldata second, Model calldata model)
        private
        pure
        returns (bool)
    {
        (uint256 one, uint256 other) = (uint256(first.score), uint256(second.score));
        // Of what is sealed nothing can be told.
        if (FixedPointMathLib.max(one, other) > Verdicts.MAX_SCORE) return false;
        uint256 apart = FixedPointMathLib.dist(one, other);
        return apart > 2 * uint256(model.tolerance)
            || (apart == 0 && model.outcomeCount == 2 && first.outcome != second.outcome);
    }

    /// @dev About a request that was never made an operator could sign what it likes, to lose its stake to an accomplice.
    function _wasAsked(RequestId id) private view returns (bool) {
        RequestId[] memory ids = new RequestId[](1);
        ids[0] = id;
        RequestState state = IRequestDesk(address(core)).statesOf(ids)[0];
        return state != RequestState.None && state != RequestState.Cancelled;
    }

    /// @return operator Whose signature of a report it is, whichever of its keys made it.
    function _witness(Testimony calldata testimony) private view returns (address operator) {
        bytes32 leaf = Verdicts.leaf(testimony.request.id(), testimony.request.commitment(), testimony.verdict);
        bytes32 report = Verdicts.hashReport(testimony.epoch, testimony.count, ReportTree.climb(leaf, testimony.proof));
        bytes calldata signature = testimony.signature;
        if (signature.length != 64) revert SignaturesMalformed(signature.length, 64);
        // slither-disable-next-line unused-return
        (address attester,,) = ECDSA.tryRecover(
            MessageHashUtils.toTypedDataHash(_coreSeparator(), report), bytes32(signature[:32]), bytes32(signature[32:])
        );
        operator = _operatorOf[attester]; // an error recovers nobody, who is nobody's attester
        if (operator == address(0)) revert AttesterUnknown(attester);
    }

    /// @dev Reports are signed under the core's domain, which has this one's name and version.
    function _coreSeparator() private view returns (bytes32) {
        (string memory name, string memory version) = _domainNameAndVersion();
        return keccak256(
            abi.encode(DOMAIN_TYPEHASH, keccak256(bytes(name)), keccak256(bytes(version)), block.chainid, address(core))
        );
    }
}
