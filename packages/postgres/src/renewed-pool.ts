import pg from 'pg';
import { type Connection, configurationOf, endDisturbed, type PoolLimits } from './pool.ts';

export interface RenewedPoolLimits extends PoolLimits {
  /** A connection this old is closed when its user gives it back: none outlives its login for longer, however busy. */
  lifetimeSeconds: number;
}

export type Login = Pick<Connection, 'user' | 'password'>;

/**
 * A bounded pool whose login may change while it is in use: a connection is opened under the login of that moment. For processes
 * that are not started again when a password changes.
 */
export function createRenewedPool(
  server: Omit<Connection, 'user' | 'password'>,
  login: () => Promise<Login>,
  limits: RenewedPoolLimits,
  onError: (error: Error) => void,
): pg.Pool {
  return endDisturbed(
    new RenewedPool(
      { ...configurationOf(server, limits), maxLifetimeSeconds: limits.lifetimeSeconds },
      login,
    ),
    onError,
  );
}

type Connected = Parameters<pg.Pool['connect']>[0];

class RenewedPool extends pg.Pool {
  readonly #login: () => Promise<Login>;

  constructor(configuration: pg.PoolConfig, login: () => Promise<Login>) {
    super(configuration);
    this.#login = login;
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(connected: Connected): void;
  override connect(connected?: Connected): Promise<pg.PoolClient> | undefined {
    // What a new connection takes its login from.
    const renewed = this.#login().then((login) => Object.assign(this.options, login));
    if (!connected) return renewed.then(() => super.connect());
    renewed.then(
      () => super.connect(connected),
      (error: Error) => connected(error, undefined, () => {}),
    );
    return undefined;
  }
}

/** Asks once for all who come within `seconds`; a failure is not remembered. */
export function rememberFor<T>(
  seconds: number,
  ask: () => Promise<T>,
  now = () => performance.now(),
): () => Promise<T> {
  let known: { answer: Promise<T>; until: number } | undefined;
  return () => {
    if (known && now() < known.until) return known.answer;
    const asked = { answer: ask(), until: now() + seconds * 1000 };
    known = asked;
    asked.answer.catch(() => {
      if (known === asked) known = undefined;
    });
    return asked.answer;
  };
}
