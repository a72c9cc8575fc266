// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Agreement, Agreements, Steps } from "../../../contracts/types/Agreement.sol";
import { ModelId, RecordId } from "../../../contracts/types/Ids.sol";
import { Model } from "../../../contracts/types/Model.sol";
import { KnownAgreement, KnownModel, Ledger } from "./Ledger.sol";

/// @notice Models are published and deprecated; subjects give and withdraw agreements, and some try to give one again.
abstract contract ConsentHandler is Ledger {
    address[] internal controllers;
    address[] internal subjects;
    mapping(address account => uint256 key) internal keyOfSubject;
    mapping(address account => RecordId record) internal recordOf;

    function knowPeople() internal {
        controllers.push(controller);
        controllers.push(makeAddr("another controller"));
        for (uint256 i = 0; i < 3; ++i) {
            (address account, uint256 key) = makeAddrAndKey(string.concat("subject", vm.toString(i)));
            subjects.push(account);
            keyOfSubject[account] = key;
            recordOf[account] = commitAs(holder, ROOT, account);
        }
        models.push(KnownModel(model, modelId, false));
    }

    function publish(uint256 seed) external counted {
        Model memory terms = defaultModel(uint8(draw(seed, "quorum", 1, 5)));
        terms.files = keccak256(abi.encode(steps));
        terms.fee = uint96(draw(seed, "fee", 0, 0.01 ether));
        bytes memory data = abi.encodeCall(assent.publish, (terms, ""));
        bool expected = terms.quorum >= 2 && terms.quorum <= committeeSize();
        if (!attempt("publish", publisher, 0, data, expected)) return;
        models.push(KnownModel(terms, hasher.modelId(terms), false));
    }

    /// @dev Never the first, so that something can always be asked.
    function deprecate(uint256 seed) external counted {
        if (models.length == 1) return;
        KnownModel storage known = models[draw(seed, "model", 1, models.length - 1)];
        bytes memory data = abi.encodeCall(assent.deprecate, (known.terms));
        if (attempt("deprecate", publisher, 0, data, !known.deprecated)) known.deprecated = true;
    }

    function give(uint256 seed, bool bySignature) external counted {
        giveAnother(seed, bySignature);
    }

    /// @dev Any agreement, in whatever state: never twice.
    function giveAgain(uint256 seed, bool bySignature) external counted {
        if (agreements.length == 0) return;
        _give("giveAgain", agreements[draw(seed, "agreement", 0, agreements.length - 1)].terms, bySignature, false);
    }

    function withdraw(uint256 seed, bool bySignature) external counted {
        if (agreements.length == 0) return;
        KnownAgreement storage known = agreements[draw(seed, "agreement", 0, agreements.length - 1)];
        address sender = known.terms.subject;
        bytes memory data = abi.encodeCall(assent.withdraw, (known.terms));
        if (bySignature) {
            bytes memory signature = sign(keyOfSubject[sender], Agreements.hashWithdrawal(known.id, time()));
            data = abi.encodeCall(assent.withdrawBySig, (known.terms, time(), signature));
            sender = relayer;
        }
        if (!attempt("withdraw", sender, 0, data, known.withdrawn.step == 0)) return;
        known.withdrawn = moment();
    }

    /// @dev Signed, but withdrawn before anyone gave it: from then on nobody can.
    function withdrawUngiven(uint256 seed, bool bySignature) external counted {
        Agreement memory terms = _terms(seed, 0, 0);
        bytes memory data = abi.encodeCall(assent.withdraw, (terms));
        if (!attempt("withdrawUngiven", terms.subject, 0, data, true)) return;
        _know(terms, 0, 0).withdrawn = moment();
        _give("giveAgain", terms, bySignature, false);
    }

    function giveAnother(uint256 seed, bool bySignature) internal {
        uint8 purpose = uint8(draw(seed, "purpose", 0, 119));
        uint8 step = uint8(draw(seed, "step", 0, Steps.COUNT - 1));
        Agreement memory terms = _terms(seed, purpose, step);
        if (_give("give", terms, bySignature, true)) _know(terms, purpose, step).given = moment();
    }

    function _terms(uint256 seed, uint8 purpose, uint8 step) private view returns (Agreement memory) {
        address subject_ = subjects[draw(seed, "subject", 0, 2)];
        return Agreement({
            subject: subject_,
            controller: controllers[draw(seed, "controller", 0, 1)],
            record: recordOf[subject_],
            model: _modelFor(seed),
            purposes: 1 << purpose,
            prohibited: draw(seed, "any prohibited", 0, 3) == 0 ? 1 << draw(seed, "prohibited", 0, 119) : 0,
            steps: uint8(1 << step),
            validFrom: uint40(time() + draw(seed, "from", 0, 2) / 2 * 30 minutes),
            validUntil: uint40(time() + draw(seed, "until", 1 hours, 1 days)),
            uses: uint32(draw(seed, "uses", 1, 4)),
            notice: keccak256("notice"),
            salt: bytes32(steps)
        });
    }

    function _know(Agreement memory terms, uint8 purpose, uint8 step) private returns (KnownAgreement storage known) {
        agreements.push();
        known = agreements[agreements.length - 1];
        known.terms = terms;
        known.id = hasher.agreementId(terms);
        known.purpose = purpose;
        known.step = step;
    }

    function _give(string memory action, Agreement memory terms, bool bySignature, bool expected)
        private
        returns (bool)
    {
        if (!bySignature) {
            return attempt(action, terms.subject, 0, abi.encodeCall(assent.give, (terms)), expected);
        }
        bytes32 digest = Agreements.hashGiving(hasher.agreementId(terms), time());
        bytes memory signature = sign(keyOfSubject[terms.subject], digest);
        return attempt(action, relayer, 0, abi.encodeCall(assent.giveBySig, (terms, time(), signature)), expected);
    }

    /// @dev One time in eight any, else the latest that isn't deprecated.
    function _modelFor(uint256 seed) private view returns (ModelId) {
        uint256 last = models.length - 1;
        if (draw(seed, "any model", 0, 7) == 0) return models[draw(seed, "model", 0, last)].id;
        while (models[last].deprecated) --last;
        return models[last].id;
    }
}
