import type { Call } from '../call.ts';

/** A call that has to be denied, without its caller; `why` says what it would be good for. */
export type Attempt = Omit<Call, 'caller'>;
