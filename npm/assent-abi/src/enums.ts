/** How the controller wants the verdict: recorded by the operators, or under an anchored root, to be claimed. */
export const Delivery = { Recorded: 0, Anchored: 1 } as const;

/** What of a verdict stands on chain in clear; the rest is sealed. An agreement's scope has the most that a question may ask for. */
export const Disclosure = { Sealed: 0, Outcome: 1, OutcomeAndScore: 2, Everything: 3 } as const;

/** State of an agreement. One that has expired, or was renewed, is `Given`. */
export const AgreementState = { None: 0, Given: 1, Withdrawn: 2, Revoked: 3, Refused: 4, Invalidated: 5 } as const;

/** State of a request. There is a verdict when it is `Recorded`, `Challenged`, `Upheld`, `Corrected` or `Unjudged`. */
export const RequestState = {
  None: 0,
  Requested: 1,
  Recorded: 2,
  Refused: 3,
  Expired: 4,
  Cancelled: 5,
  Challenged: 6,
  Upheld: 7,
  Corrected: 8,
  Unjudged: 9,
} as const;

/** How far a verdict can still change. Act on `Final`, unless the state is `Unjudged`: nobody confirmed that one. */
export const Finality = { None: 0, Contestable: 1, Contested: 2, Final: 3 } as const;

/** How far the case of a challenged verdict is. `Stands` and `False`: so the bench found, and the arbiter may still rule. */
export const Phase = { None: 0, Open: 1, Stands: 2, False: 3, Closed: 4, Overruled: 5 } as const;
