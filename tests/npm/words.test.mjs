// The package against the vectors that Solidity and Python check.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { hashTypedData } from "viem";

import assent from "./built.mjs";

const vectors = JSON.parse(readFileSync(new URL("../vectors/ids.json", import.meta.url), "utf8"));
const { structs, typed } = vectors;
const domain = assent.assentDomain(vectors.domain.chainId, vectors.domain.verifyingContract);

const isDecimal = (value) => typeof value === "string" && /^\d+$/.test(value);

/** Integers beyond 2^53 are decimal strings there. */
const wide = (values) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, isDecimal(value) ? BigInt(value) : value]));

const source = structs.source.values;
const signedTerms = wide(structs.terms.values);
const { steps, modifiers, place, language, erasure, disclosure, ...limits } = signedTerms;
const scope = { steps, modifiers, place, language: Number(language), erasure: Number(erasure), disclosure };
const terms = { ...limits, scope: assent.packScope(scope) };
const agreement = { controller: structs.agreement.values.controller, source, terms };

test("questions: packed and unpacked as the contracts do", () => {
  for (const { packed, ...question } of vectors.questions) {
    assert.equal(assent.packQuestion(question), BigInt(packed));
    assert.deepEqual(assent.unpackQuestion(BigInt(packed)), question);
  }
});

test("quotes: packed and unpacked as the contracts do", () => {
  for (const { packed, total, royaltyAmount, fee, price, ...small } of vectors.quotes) {
    const quote = { ...small, fee: BigInt(fee), price: BigInt(price) };
    assert.equal(assent.packQuote(quote), BigInt(packed));
    assert.deepEqual(assent.unpackQuote(BigInt(packed)), quote);
    assert.equal(quote.fee + quote.price, BigInt(total));
  }
});

test("words: RangeError for what doesn't fit", () => {
  const [{ packed, ...question }] = vectors.questions;
  assert.throws(() => assent.packQuestion({ ...question, use: 2 ** 32 }), /use doesn't fit 32 bits/);
  assert.throws(() => assent.packQuestion({ ...question, step: -1 }), RangeError);
  assert.throws(() => assent.unpackQuestion(1n << 160n), RangeError);
  assert.throws(() => assent.unpackQuestion(1n << 107n), /between the parts/);
  assert.throws(() => assent.unpackScope(1n << 75n), RangeError);
  assert.throws(() => assent.unpackQuote(1n << 256n), RangeError);
});

test("ids: hashed as the contracts do", () => {
  assert.equal(assent.sourceId(source), structs.source.hash);
  assert.equal(assent.termsId(terms), structs.terms.hash);
  assert.equal(assent.agreementId(agreement), structs.agreement.hash);
  assert.equal(assent.requestId(structs.agreement.hash, vectors.questions[0].use), vectors.derived.requestId);
});

test("models by a publisher: packed and told apart from a model's id", () => {
  const { word, ...by } = vectors.derived.modelsBy;
  assert.equal(assent.modelsBy(by.publisher, by.currency), word);
  assert.deepEqual(assent.publisherOf(word), by);
  assert.throws(() => assent.modelsBy(by.publisher, 2 ** 32), /currency doesn't fit 32 bits/);
  assert.throws(() => assent.modelsBy(`${by.publisher}00`), /invalid/);
  assert.equal(assent.publisherOf(structs.model.hash), undefined);
});

test("vocabulary: the one whose purposes Solidity and Python have", () => {
  const purposes = JSON.parse(readFileSync(new URL("../vectors/purposes.json", import.meta.url), "utf8"));
  assert.equal(assent.VOCABULARY_ROOT, purposes.vocabularyRoot);
  assert.equal(assent.VOCABULARY, purposes.vocabulary);
});

test("scopes: taken apart as they are signed", () => {
  assert.deepEqual(assent.unpackScope(terms.scope), scope);
  assert.deepEqual(assent.signedTerms(terms), signedTerms);
});

test("matching: as Python and the contracts match", () => {
  const { cases } = JSON.parse(readFileSync(new URL("../vectors/matching.json", import.meta.url), "utf8"));
  assert.ok(cases.length >= 500);
  for (const { terms: offered, question, timestamp, validUntil, mismatch } of cases) {
    const { purposes, prohibited, scope: word, price, ...rest } = offered;
    const asBigints = { purposes: BigInt(purposes), prohibited: BigInt(prohibited), scope: BigInt(word), price: BigInt(price) };
    const found = assent.mismatch({ ...rest, ...asBigints }, question, timestamp, validUntil);
    assert.equal(found ?? null, mismatch, JSON.stringify({ offered, question, timestamp }));
  }
});

test("vocabulary: every modifier has a bit of its own", () => {
  const bits = Object.values(assent.modifiers);
  assert.equal(new Set(bits).size, bits.length);
  assert.ok(assent.prohibits(2, assent.ehdsProhibited), "Advertising");
});

test("typed data: digested as the contracts do", () => {
  const signed = assent.signedAgreement(agreement);
  const all = {
    giving: [assent.givingTypes, "Giving", { agreement: signed, deadline: BigInt(typed.giving.message.deadline) }],
    givingMany: [
      assent.givingManyTypes,
      "GivingMany",
      { agreements: [signed, signed], deadline: BigInt(typed.givingMany.message.deadline) },
    ],
    renewal: [assent.renewalTypes, "Renewal", wide(typed.renewal.message)],
    withdrawal: [assent.withdrawalTypes, "Withdrawal", wide(typed.withdrawal.message)],
    asking: [assent.askingTypes, "Asking", wide(typed.asking.message)],
  };
  for (const [name, [types, primaryType, message]] of Object.entries(all)) {
    assert.equal(hashTypedData({ domain, types, primaryType, message }), typed[name].digest, name);
  }
});

test("ABIs: each contract has its own errors and events", () => {
  const named = (abi, type) => new Set(abi.filter((entry) => entry.type === type).map(({ name }) => name));
  for (const [abi, event, error] of [
    [assent.assentAbi, "EpochSet", "NotContestable"],
    [assent.committeeAbi, "CaseClosed", "NobodyToJudge"],
    [assent.recordsAbi, "Erased", "RecordExists"],
  ]) {
    assert.ok(named(abi, "event").has(event), event);
    assert.ok(named(abi, "error").has(error), error);
  }
  assert.ok(!named(assent.assentAbi, "event").has("Challenged"));
});

test("deployments: refused when they aren't", () => {
  const [contract, committee, records] = ["domain", "committeeDomain", "recordsDomain"].map((of) => vectors[of].verifyingContract);
  const good = { chainId: 1, contract, committee, records, block: 3 };
  assert.deepEqual(assent.parseDeployment(JSON.stringify(good)), { ...good, block: 3n, models: {} });
  const wrong = [{ contract: "0x12" }, { contract: null }, { committee: undefined }, { records: "0x12" }];
  for (const bad of [{ block: "3" }, { chainId: -1 }, { models: { a: "0x12" } }, ...wrong]) {
    assert.throws(() => assent.parseDeployment(JSON.stringify({ ...good, ...bad })), JSON.stringify(bad));
  }
});
