// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { Agreement, AgreementState, Agreements, Source, Terms } from "../../../contracts/types/Agreement.sol";
import { ModelId } from "../../../contracts/types/Ids.sol";
import { Mandate, Mandates } from "../../../contracts/types/Mandate.sol";
import { Model } from "../../../contracts/types/Model.sol";
import { Scopes, Steps } from "../../../contracts/types/Scope.sol";
import { KnownAgreement, KnownModel, Ledger } from "./Ledger.sol";
import { Receiver } from "./Receiver.sol";
import { Token } from "./Token.sol";

/// @notice Models are published and deprecated; subjects give and withdraw agreements, and some try to give one again.
abstract contract ConsentHandler is Ledger {
    /// Of the purposes: those that the guardian may renew for.
    uint120 private constant HALF = (1 << 60) - 1;

    address[] internal subjects;
    mapping(address account => uint256 key) internal keyOfPerson;
    address internal guardian = makeAddr("guardian");
    mapping(address subject => uint256 from) internal guardianFrom;

    function knowPeople() internal {
        for (uint256 i = 0; i < 3; ++i) {
            subjects.push(_person(string.concat("subject", vm.toString(i))));
        }
        controllers.push(_person("controller"));
        controllers.push(_person("another controller"));
        (address owner, uint256 key) = makeAddrAndKey("owner of the receiver");
        receiver = new Receiver(assent, address(committee), owner, BOND);
        controllers.push(address(receiver));
        keyOfPerson[address(receiver)] = key;
        vm.deal(address(receiver), 1_000_000 ether);
        knowAccount(address(receiver));
        knowAccount(stranger);
        knowAccount(relayer);
        knowAccount(publisher);
        knowAccount(address(0));
        knowAccount(address(committee));
        knowAccount(arbiter);
    }

    /// @dev The model of `AssentTest`, and one for each of two tokens.
    function knowModels() internal {
        currencies = [address(0), address(new Token("one")), address(new Token("two"))];
        models.push(KnownModel(model, modelId, 0, false));
        for (uint32 i = 1; i < currencies.length; ++i) {
            Model memory terms = model;
            (terms.currency, terms.royalty) = (currencies[i], uint16(1000 * i));
            if (i == 2) terms.arbiter = arbiter;
            models.push(KnownModel(terms, publishAs(terms), i, false));
        }
    }

    function publish(uint256 seed) external counted {
        Model memory terms = defaultModel(uint8(draw(seed, "quorum", 1, 6)));
        terms.files = keccak256(abi.encode(steps));
        terms.fee = uint96(draw(seed, "fee", 0, 0.01 ether));
        terms.royalty = uint16(chance(seed, "no royalty", 2) ? 0 : draw(seed, "royalty", 1, 5001));
        uint32 currency = uint32(draw(seed, "currency", 0, currencies.length - 1));
        terms.currency = currencies[currency];
        if (chance(seed, "arbiter", 2)) terms.arbiter = arbiter;
        bool expected = terms.quorum >= 2 && terms.quorum <= committeeSize() && terms.royalty <= 5000;
        if (!attempt("publish", publisher, 0, abi.encodeCall(assent.publish, (terms, "")), expected)) return;
        models.push(KnownModel(terms, hasher.modelId(terms), currency, false));
    }

    /// @dev Never the first three, so that something can always be asked.
    function deprecate(uint256 seed) external counted {
        if (models.length == 3) return;
        KnownModel storage known = models[draw(seed, "model", 3, models.length - 1)];
        bytes memory data = abi.encodeCall(assent.deprecate, (known.terms));
        if (attempt("deprecate", publisher, 0, data, !known.deprecated)) known.deprecated = true;
    }

    function give(uint256 seed) external counted {
        giveAnother(seed);
    }

    /// @dev Any agreement, in whatever state: never twice.
    function giveAgain(uint256 seed) external counted {
        if (agreements.length == 0) return;
        _give("giveAgain", agreements[draw(seed, "agreement", 0, agreements.length - 1)].terms, seed, false);
    }

    function withdraw(uint256 seed) external counted {
        if (agreements.length == 0) return;
        KnownAgreement storage known = agreements[draw(seed, "agreement", 0, agreements.length - 1)];
        address sender = known.terms.source.subject;
        bytes memory data = abi.encodeCall(assent.withdraw, (known.terms));
        if (chance(seed, "by signature", 2)) {
            bytes memory signature = sign(keyOfPerson[sender], Agreements.hashWithdrawal(known.id, time()));
            data = abi.encodeCall(assent.withdrawBySig, (known.terms, time(), signature));
            sender = relayer;
        }
        if (!attempt("withdraw", sender, 0, data, known.withdrawn.step == 0)) return;
        _over(known, known.given.step == 0 ? AgreementState.Refused : AgreementState.Withdrawn);
    }

    /// @dev By the guardian, in the subject's stead, or by the holder.
    function endOtherwise(uint256 seed) external counted {
        if (agreements.length == 0) return;
        KnownAgreement storage known = agreements[draw(seed, "agreement", 0, agreements.length - 1)];
        bool given = known.given.step != 0 && known.withdrawn.step == 0;
        if (chance(seed, "by the holder", 2)) {
            bytes memory invalidating = abi.encodeCall(assent.invalidate, (known.terms));
            if (attempt("endOtherwise", holder, 0, invalidating, given)) _over(known, AgreementState.Invalidated);
            return;
        }
        bytes memory revoking = abi.encodeCall(assent.revoke, (known.terms));
        bool may = given && _guarded(known.terms.source.subject);
        if (attempt("endOtherwise", guardian, 0, revoking, may)) _over(known, AgreementState.Revoked);
    }

    /// @dev To an earlier end, too, and of what is over.
    function renew(uint256 seed) external counted {
        if (agreements.length == 0) return;
        KnownAgreement storage known = agreements[draw(seed, "agreement", 0, agreements.length - 1)];
        uint256 end = known.end + draw(seed, "later", 0, 4 days) - 1 days;
        address subject_ = known.terms.source.subject;
        bool own = chance(seed, "in person", 2);
        bool may = known.given.step != 0 && known.withdrawn.step == 0 && end > known.end && end > time();
        bytes memory data = abi.encodeCall(assent.renew, (known.terms, uint40(end)));
        may = may && (own || (_guarded(subject_) && _within(known, end)));
        if (attempt("renew", own ? subject_ : guardian, 0, data, may)) known.end = end;
    }

    function renewForbidden(uint256 seed) external counted {
        if (agreements.length == 0) return;
        KnownAgreement storage known = agreements[draw(seed, "agreement", 0, agreements.length - 1)];
        bytes memory data = abi.encodeCall(assent.renew, (known.terms, type(uint40).max));
        attempt("renewForbidden", chance(seed, "holder", 2) ? holder : known.terms.controller, 0, data, false);
    }

    /// @dev Appointed for a while, or dismissed by one of the two.
    function appoint(uint256 seed) external counted {
        address subject_ = subjects[draw(seed, "subject", 0, subjects.length - 1)];
        if (chance(seed, "dismiss", 3)) {
            address sender = chance(seed, "resigns", 2) ? guardian : subject_;
            if (attempt("appoint", sender, 0, abi.encodeCall(assent.dismiss, (subject_, guardian)), true)) {
                delete guardianFrom[subject_];
            }
            return;
        }
        uint256 from = time() + draw(seed, "from", 20 hours, 30 hours);
        uint8 rights = Mandates.REVOKE | Mandates.RENEW;
        Mandate memory mandate = Mandate(rights, uint40(from), uint40(from + 30 days), HALF);
        bytes memory data = abi.encodeCall(assent.appoint, (guardian, mandate));
        bool early = from < time() + Mandates.NOTICE;
        if (!attempt("appoint", subject_, 0, data, !early)) return;
        guardianFrom[subject_] = from;
    }

    /// @dev Whether the guardian has the subject's mandate now.
    function _guarded(address subject_) internal view returns (bool) {
        uint256 from = guardianFrom[subject_];
        return from != 0 && time() >= from && time() < from + 30 days;
    }

    /// @dev Whether the guardian may lengthen it to this end.
    function _within(KnownAgreement storage known, uint256 end) private view returns (bool) {
        bool all = known.terms.terms.purposes & ~uint256(HALF) == 0;
        return all && end <= guardianFrom[known.terms.source.subject] + 30 days;
    }

    function _over(KnownAgreement storage known, AgreementState state) internal {
        (known.withdrawn, known.over) = (moment(), state);
    }

    /// @dev Signed, but withdrawn before anyone gave it: from then on nobody can.
    function withdrawUngiven(uint256 seed) external counted {
        (Agreement memory terms, uint256 modelAt) = _terms(seed, 0, 0);
        bytes memory data = abi.encodeCall(assent.withdraw, (terms));
        if (!attempt("withdrawUngiven", terms.source.subject, 0, data, true)) return;
        _over(_know(terms, modelAt, 0, 0), AgreementState.Refused);
        _give("giveAgain", terms, seed, false);
    }

    function giveAnother(uint256 seed) internal {
        // Half of them alike, so that one question can be put to several.
        uint8 purpose = chance(seed, "the usual", 2) ? 7 : uint8(draw(seed, "purpose", 0, 119));
        uint8 step = chance(seed, "the usual", 2) ? Steps.INFER : uint8(draw(seed, "step", 0, Steps.COUNT - 1));
        (Agreement memory terms, uint256 modelAt) = _terms(seed, purpose, step);
        if (_give("give", terms, seed, true)) _know(terms, modelAt, purpose, step).given = moment();
    }

    /// @dev Another to which the same question can be put, with the same controller and model.
    function giveAlike(KnownAgreement storage one, uint256 seed) internal {
        Agreement memory terms = one.terms;
        terms.source.salt = ~bytes32(steps);
        (terms.terms.validFrom, terms.terms.validUntil) = (uint40(time()), uint40(time() + 1 days));
        if (!_give("give", terms, seed, true)) return;
        _know(terms, one.modelAt, one.purpose, one.step).given = moment();
    }

    function _person(string memory name) private returns (address account) {
        uint256 key;
        (account, key) = makeAddrAndKey(name);
        keyOfPerson[account] = key;
        knowAccount(account);
    }

    function _terms(uint256 seed, uint8 purpose, uint8 step) internal view returns (Agreement memory, uint256 modelAt) {
        modelAt = _modelFor(seed);
        address who = subjects[draw(seed, "subject", 0, subjects.length - 1)];
        uint256 validity = chance(seed, "long", 2) ? 30 days : draw(seed, "until", 1 hours, 1 days);
        Terms memory terms = Terms({
            model: models[modelAt].id,
            purposes: 1 << purpose,
            prohibited: chance(seed, "any prohibited", 4) ? 1 << draw(seed, "prohibited", 0, 119) : 0,
            scope: Scopes.ofSteps(uint256(1) << step),
            validFrom: uint40(time() + draw(seed, "from", 0, 2) / 2 * 30 minutes),
            validUntil: uint40(time() + validity),
            uses: uint32(draw(seed, "uses", 1, 6)),
            price: uint96(chance(seed, "no price", 2) ? 0 : draw(seed, "price", 1, 0.01 ether))
        });
        Source memory source = Source(who, holder, ROOT, keccak256("notice"), bytes32(steps));
        return (Agreement(controllers[draw(seed, "controller", 0, controllers.length - 1)], source, terms), modelAt);
    }

    function _know(Agreement memory terms, uint256 modelAt, uint8 purpose, uint8 step)
        internal
        returns (KnownAgreement storage known)
    {
        agreements.push();
        known = agreements[agreements.length - 1];
        (known.terms, known.modelAt, known.purpose, known.step) = (terms, modelAt, purpose, step);
        known.end = terms.terms.validUntil;
        (known.id, known.source) = (hasher.agreementId(terms), hasher.sourceId(terms.source));
    }

    function _give(string memory action, Agreement memory terms, uint256 seed, bool expected) internal returns (bool) {
        address who = terms.source.subject;
        if (chance(seed, "in person", 2)) {
            return attempt(action, who, 0, abi.encodeCall(assent.give, (terms)), expected);
        }
        bytes32 giving = Agreements.hashGiving(hasher.agreementId(terms), time());
        bytes memory data = abi.encodeCall(assent.giveBySig, (terms, time(), sign(keyOfPerson[who], giving)));
        return attempt(action, relayer, 0, data, expected);
    }

    /// @dev One time in eight any, else one of the latest four that isn't deprecated.
    function _modelFor(uint256 seed) private view returns (uint256 place) {
        uint256 last = models.length - 1;
        if (chance(seed, "any model", 8)) return draw(seed, "model", 0, last);
        place = draw(seed, "model", last < 3 ? 0 : last - 3, last);
        while (models[place].deprecated) --place;
    }
}
