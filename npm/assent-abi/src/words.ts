/** The words that hold a struct each: `contracts/types/Question.sol`, `Quote.sol`, `Scope.sol` and `Signers.sol`. */

/** What a controller asks. */
export interface Question {
  /** Which of the agreement's uses it takes, from 0. */
  readonly use: number;
  /** Last second at which a verdict may be recorded (Unix time). */
  readonly deadline: number;
  /** DPV purpose, by its bit. */
  readonly purpose: number;
  /** Processing step; 0 is inference. */
  readonly step: number;
  /** Thousands of gas for the callback to the controller, at most 2000; 0 for none. */
  readonly callback: number;
  /** One of `Delivery`. */
  readonly delivery: number;
  /** One of `Disclosure`: what of the verdict is to stand on chain in clear. */
  readonly disclosure: number;
  /** DUO modifiers that the controller undertakes to meet, a bit each; see `modifiers`. */
  readonly modifiers: number;
  /** Where the verdict is to be used: an ISO 3166-1 numeric code; 0 if it isn't said. */
  readonly place: number;
}

/** What of an agreement isn't a purpose. */
export interface Scope {
  /** Processing steps agreed to, a bit each. */
  readonly steps: number;
  /** DUO modifiers that the controller must undertake to meet, a bit each; see `modifiers`. */
  readonly modifiers: number;
  /** Where alone it may be used: an ISO 3166-1 numeric code; 0 for anywhere. */
  readonly place: number;
  /** Language of the notice: two letters (ISO 639-1) as a number; 0 if it isn't said. */
  readonly language: number;
  /** 1 if the record must be erased when the agreement ends. */
  readonly erasure: number;
  /** One of `Disclosure`: the most that a question may have in clear. */
  readonly disclosure: number;
}

/** What a request costs and what its verdict needs. Amounts are in the smallest unit of the currency. */
export interface Quote {
  readonly outcomeCount: number;
  /** Operators whose signatures a verdict needs at least. */
  readonly quorum: number;
  /** The publisher's part of the fee, in basis points. */
  readonly royalty: number;
  /** Index of the currency, see `currencyAt`; 0 is ether. */
  readonly currency: number;
  /** The model's price of a verdict. */
  readonly fee: bigint;
  /** The subject's price of a verdict. The controller pays `fee + price`. */
  readonly price: bigint;
}

/** From when, till when, how often and for how much: as the event that an agreement was given has them. */
export interface Limits {
  readonly validFrom: number;
  readonly validUntil: number;
  readonly uses: number;
  readonly price: bigint;
}

/** Who signed. */
export interface Signers {
  /** Bit i: the epoch's member i. */
  readonly bitmap: bigint;
  readonly epoch: number;
}

/** What a `Recorded` event says in one word: who signed, and which verdict. */
export interface Summary extends Signers {
  readonly outcome: number;
  /** Parts per million. */
  readonly score: number;
}

/** Names and widths in bits, from the low end; what has no name is zero. */
type Layout<T> = readonly (readonly [name: (keyof T & string) | "", bits: number])[];

const QUESTION: Layout<Question> = [
  ["use", 32],
  ["deadline", 40],
  ["purpose", 8],
  ["step", 8],
  ["callback", 16],
  ["delivery", 1],
  ["disclosure", 2],
  ["", 5],
  ["modifiers", 32],
  ["place", 16],
];

const SCOPE: Layout<Scope> = [
  ["steps", 8],
  ["modifiers", 32],
  ["place", 16],
  ["language", 16],
  ["erasure", 1],
  ["disclosure", 2],
];

const SIGNERS: Layout<Signers> = [
  ["bitmap", 64],
  ["epoch", 32],
];

const SUMMARY: Layout<Summary> = [
  ["bitmap", 64],
  ["epoch", 32],
  ["outcome", 8],
  ["score", 24],
];

const LIMITS: Layout<Limits> = [
  ["validFrom", 40],
  ["validUntil", 40],
  ["uses", 32],
  ["price", 96],
];

const QUOTE: Layout<Quote> = [
  ["outcomeCount", 8],
  ["quorum", 8],
  ["royalty", 16],
  ["currency", 32],
  ["fee", 96],
  ["price", 96],
];

/** Integers of more bits are `bigint`, of less `number`, as viem has it. */
const NUMBER_BITS = 48;

/** Returns the word that `request` takes. Throws RangeError when a part doesn't fit. */
export function packQuestion(question: Question): bigint {
  return pack(QUESTION, (name) => question[name]);
}

/** Inverse of `packQuestion`. Throws RangeError for a bit beyond the parts. */
export function unpackQuestion(word: bigint): Question {
  return unpack(QUESTION, word) as unknown as Question;
}

/** Inverse of `unpackQuote`. Throws RangeError when a part doesn't fit. */
export function packQuote(quote: Quote): bigint {
  return pack(QUOTE, (name) => quote[name]);
}

/** Takes apart what `quote` returns. Throws RangeError for what isn't a word. */
export function unpackQuote(word: bigint): Quote {
  return unpack(QUOTE, word) as unknown as Quote;
}

/** Returns the word that an agreement's terms have. Throws RangeError when a part doesn't fit. */
export function packScope(scope: Scope): bigint {
  return pack(SCOPE, (name) => scope[name]);
}

/** Inverse of `packScope`. Throws RangeError for a bit beyond the parts. */
export function unpackScope(word: bigint): Scope {
  return unpack(SCOPE, word) as unknown as Scope;
}

/** Takes apart the `limits` of an `AgreementGiven` event. Throws RangeError for a bit beyond the parts. */
export function unpackLimits(word: bigint): Limits {
  return unpack(LIMITS, word) as unknown as Limits;
}

/** Returns the word that a `Recording` has. Throws RangeError when a part doesn't fit. */
export function packSigners(signers: Signers): bigint {
  return pack(SIGNERS, (name) => signers[name]);
}

/** Takes apart the `by` of an event. Throws RangeError for a bit beyond the parts. */
export function unpackSigners(word: bigint): Signers {
  return unpack(SIGNERS, word) as unknown as Signers;
}

/** Takes apart the `summary` of a `Recorded` event. Throws RangeError for a bit beyond the parts. */
export function unpackSummary(word: bigint): Summary {
  return unpack(SUMMARY, word) as unknown as Summary;
}

function pack<T>(layout: Layout<T>, part: (name: keyof T) => number | bigint): bigint {
  let word = 0n;
  let shift = 0n;
  for (const [name, bits] of layout) {
    const value = name === "" ? 0n : BigInt(part(name));
    if (BigInt.asUintN(bits, value) !== value) throw new RangeError(`${name} doesn't fit ${bits} bits`);
    word |= value << shift;
    shift += BigInt(bits);
  }
  return word;
}

function unpack<T>(layout: Layout<T>, word: bigint): Record<string, number | bigint> {
  const parts: Record<string, number | bigint> = {};
  let rest = word;
  for (const [name, bits] of layout) {
    const value = BigInt.asUintN(bits, rest);
    rest >>= BigInt(bits);
    if (name !== "") parts[name] = bits > NUMBER_BITS ? value : Number(value);
    else if (value !== 0n) throw new RangeError("a bit between the parts");
  }
  if (rest !== 0n) throw new RangeError("a bit beyond the parts");
  return parts;
}
