/** At most `count` in any `windowSeconds` (a sliding window). */
export interface Limit {
  count: number;
  windowSeconds: number;
}

/**
 * Once a recipient's attempts or sends are used up, each network that the recipient has signed in from has a reserve of its
 * own: so a stranger can lock nobody out from where they are at home.
 */
export interface Reserve {
  /** How many networks are remembered, the newest; with 0 there is no reserve. */
  networks: number;
  /** How long one is, after a sign-in from there. */
  rememberedSeconds: number;
  /** Wrong codes from such a network, in the window of the others; of sends it gets as many again. */
  attempts: number;
  /** How long a recipient counts as somebody with an account, after a sign-in from anywhere: longer than a session lasts. */
  accountSeconds: number;
  /** What goes to somebody with an account, from wherever it is asked for, while a brake refuses everybody else. */
  accountSends: Limit;
}

export interface OtpPolicy {
  /** Characters of a code. */
  codeLength: number;
  /** The characters it is drawn from: digits and capital letters, each once. */
  alphabet: string;
  lifetimeSeconds: number;
  /** Wrong codes per recipient, over all of its requests: a resend does not refill it. */
  attempts: Limit;
  /** What strangers cannot use up: attempts and sends for whoever comes from where this recipient has signed in before. */
  reserve: Reserve;
  /** Codes sent per recipient; all of these limits hold. */
  sends: Limit[];
  /** How long to wait after the first, second, … send within `windowSeconds`; the last value holds from there on. */
  resend: { waitSeconds: number[]; windowSeconds: number };
}

/** NIST SP 800-63B: a code sent out of band is valid for ten minutes at most. */
const longestLifetimeSeconds = 600;
/** What is evaluated in all stays of the same order as without a reserve. */
const mostNetworks = 5;
/** NIST SP 800-63B: at least six decimal digits of entropy. */
const fewestCodes = 1_000_000;

/**
 * Ten wrong codes an hour against a million possible ones: whoever guesses at one recipient without a pause needs eleven
 * years on average, and a person who mistypes waits an hour at most. Whoever could guess from all three networks that the
 * person signs in from as well has 25 an hour, and needs four years and a half.
 */
export const defaultPolicy: OtpPolicy = {
  codeLength: 6,
  alphabet: '0123456789',
  lifetimeSeconds: 300,
  attempts: { count: 10, windowSeconds: 3600 },
  reserve: {
    ...{ networks: 3, rememberedSeconds: 30 * 86_400, attempts: 5 },
    ...{ accountSeconds: 60 * 86_400, accountSends: { count: 2, windowSeconds: 3600 } },
  },
  sends: [
    { count: 5, windowSeconds: 3600 },
    { count: 10, windowSeconds: 86_400 },
  ],
  resend: { waitSeconds: [30, 60, 120, 240], windowSeconds: 3600 },
};

/** Refuses a policy that would not be safe. @throws {RangeError} */
export function checkPolicy(policy: OtpPolicy): OtpPolicy {
  const { codeLength, alphabet, lifetimeSeconds, attempts, reserve, sends, resend } = policy;
  if (!(lifetimeSeconds > 0 && lifetimeSeconds <= longestLifetimeSeconds))
    throw new RangeError(`A code lives ${longestLifetimeSeconds} seconds at most, not ${lifetimeSeconds}.`);
  if (!/^[0-9A-Z]+$/.test(alphabet) || new Set(alphabet).size !== alphabet.length)
    throw new RangeError('The alphabet is digits and capital letters, each once.');
  if (codeLength > 10 || alphabet.length ** codeLength < fewestCodes)
    throw new RangeError(`A code is one of at least ${fewestCodes}, in 10 characters at most.`);
  if (![attempts, ...sends].every((limit) => limit.count >= 1 && limit.windowSeconds > 0))
    throw new RangeError('A limit allows at least one, in a window longer than nothing.');
  if (reserve.attempts < 1 || reserve.networks < 0 || reserve.networks > mostNetworks)
    throw new RangeError(`A reserve is one attempt or more, in ${mostNetworks} networks at most.`);
  if (sends.length === 0 || resend.waitSeconds.length === 0)
    throw new RangeError('Sends are limited, and a resend waits.');
  return policy;
}
