import { type Advance, backoffSeconds, type RetryPolicy } from '../advance.ts';
import { LeaseLost } from '../operation.ts';
import type { Ports } from '../ports.ts';
import {
  type FailureCount,
  type FleetMigrationStore,
  type MigrationClaim,
  type MigrationResult,
  type MigrationTarget,
  TenantNotMigrated,
  type TenantSchema,
} from './migration.ts';
import { ResultRecorder } from './result-recorder.ts';

export interface MigrationPorts {
  store: FleetMigrationStore;
  hosts: Ports['hosts'];
  schema: TenantSchema;
  random: () => number;
}

export interface AdvanceMigrationOptions {
  /** Names this driver. A driver that comes back under its old name takes its old lease over at once. */
  owner: string;
  leaseSeconds: number;
  retry: Pick<RetryPolicy, 'attempts' | 'baseSeconds' | 'maxSeconds'>;
  /** How long a statement waits for those who use the table; the rest of them wait behind it meanwhile. */
  lockTimeoutSeconds: number;
  /** No tenant is begun after this; those under way come to their end. */
  signal: AbortSignal;
  onTenantError: (error: unknown, context: { migrationId: string; tenantId: string }) => void;
}

/** 1 + 2 + 4 + … seconds with jitter: a quarter of an hour at most. */
export const defaultMigrationRetry = { attempts: 8, baseSeconds: 1, maxSeconds: 300 };
export const defaultLockTimeoutSeconds = 3;

const busySeconds = 5;
/** Tenants taken from the master database at one time, for each that is migrated at one time. */
const readAhead = 4;

/**
 * Works on a migration until nothing is left to do, or `signal` says that it is enough, and says when to come back. As with
 * `advance`, whoever calls it may be killed anywhere: each database says by its own ledger what it has.
 */
export async function advanceMigration(
  migrationId: string,
  ports: MigrationPorts,
  options: AdvanceMigrationOptions,
): Promise<Advance> {
  const claim = await ports.store.claimMigration(migrationId, options.owner, options.leaseSeconds);
  if (claim === 'busy') return { status: 'again', afterSeconds: busySeconds };
  if (claim === 'finished') return { status: 'done' };

  const lease = setInterval(
    () => {
      // A lost one is noticed when results are recorded.
      ports.store.extendMigration(claim, options.leaseSeconds).catch(() => {});
    },
    (options.leaseSeconds * 1000) / 3,
  );
  try {
    return await new Turn(claim, ports, options).run();
  } catch (error) {
    if (error instanceof LeaseLost) return { status: 'again', afterSeconds: busySeconds };
    throw error;
  } finally {
    clearInterval(lease);
  }
}

/** One driver's work on a migration, from its claim to its release. */
class Turn {
  readonly #claim: MigrationClaim;
  readonly #ports: MigrationPorts;
  readonly #options: AdvanceMigrationOptions;
  readonly #recorder: ResultRecorder;
  readonly #failures: FailureCount;
  #targets: MigrationTarget[] = [];
  #taking: Promise<void> | undefined;
  /** Nobody else's turn has come yet in this round. */
  #exhausted = false;

  constructor(claim: MigrationClaim, ports: MigrationPorts, options: AdvanceMigrationOptions) {
    this.#claim = claim;
    this.#ports = ports;
    this.#options = options;
    this.#failures = { ...claim.failures };
    this.#recorder = new ResultRecorder((results) => ports.store.recordResults(claim, results));
  }

  async run(): Promise<Advance> {
    const { store } = this.#ports;
    // Each round ends where nobody's turn has come: at the end of a wave, or of all.
    while (!this.#mustStop() && (await this.#round()));

    const reason = this.#haltReason();
    if (reason) {
      await store.finishMigration(this.#claim, 'halted', reason);
      return { status: 'done' };
    }
    const { tenants, nextInSeconds } = await store.remaining(this.#claim);
    if (tenants > 0) {
      await store.releaseMigration(this.#claim, nextInSeconds);
      return { status: 'again', afterSeconds: nextInSeconds };
    }
    await store.finishMigration(this.#claim, this.#failures.all > 0 ? 'failed' : 'succeeded', null);
    return { status: 'done' };
  }

  /** Whether there was anything to do. */
  async #round(): Promise<boolean> {
    let began = 0;
    this.#exhausted = false;
    const work = async () => {
      for (let target = await this.#next(); target; target = await this.#next()) {
        began += 1;
        this.#record(await this.#migrate(target), target);
      }
    };
    await Promise.all(Array.from({ length: this.#claim.migration.concurrency }, work));
    await this.#taking;
    this.#giveBack();
    await this.#recorder.flushed();
    return began > 0;
  }

  async #next(): Promise<MigrationTarget | undefined> {
    if (this.#mustStop()) return undefined;
    // Asked for before they are needed, so that nobody waits for the master database.
    const few = this.#targets.length < this.#claim.migration.concurrency;
    if (few && !this.#exhausted) {
      this.#taking ??= this.#take().finally(() => {
        this.#taking = undefined;
      });
    }
    if (this.#targets.length === 0) await this.#taking;
    return this.#mustStop() ? undefined : this.#targets.shift();
  }

  async #take(): Promise<void> {
    const limit = this.#claim.migration.concurrency * readAhead;
    const taken = await this.#ports.store.takeTargets(this.#claim, limit);
    this.#targets.push(...taken);
    this.#exhausted = taken.length < limit;
  }

  /** Those taken and not begun may go first the next time. */
  #giveBack(): void {
    for (const { tenant } of this.#targets.splice(0)) {
      this.#recorder.add({
        tenantId: tenant.id,
        status: 'pending',
        version: null,
        detail: null,
        afterSeconds: 0,
      });
    }
  }

  async #migrate({ tenant, operation, attempt }: MigrationTarget): Promise<MigrationResult> {
    const result = { tenantId: tenant.id, version: null, detail: null, afterSeconds: 0 };
    const { reservation } = tenant;
    if (!reservation) return { ...result, status: 'skipped', detail: 'The tenant has left.' };
    if (operation) return this.#later(result, attempt, `Its operation ${operation} is under way.`);
    try {
      const admin = await this.#ports.hosts[reservation.placement].adminConnection(reservation);
      const { lockTimeoutSeconds } = this.#options;
      const { version } = await this.#ports.schema.migrate(admin, reservation.roleName, {
        lockTimeoutSeconds,
      });
      return { ...result, status: 'succeeded', version };
    } catch (error) {
      this.#options.onTenantError(error, {
        migrationId: this.#claim.migration.id,
        tenantId: tenant.id,
      });
      if (!(error instanceof TenantNotMigrated)) {
        return this.#later(result, attempt, 'The way to its database cannot be had.');
      }
      const { message, version, passes } = error;
      if (passes) return this.#later({ ...result, version }, attempt, message);
      return { ...result, status: 'failed', version, detail: message };
    }
  }

  /** To be tried again, as long as there are attempts left. */
  #later(result: Omit<MigrationResult, 'status'>, attempt: number, reason: string): MigrationResult {
    const { attempts } = this.#options.retry;
    if (attempt >= attempts) {
      return { ...result, status: 'failed', detail: `${reason} Given up after ${attempts} attempts.` };
    }
    const afterSeconds = backoffSeconds(attempt, this.#options.retry, this.#ports.random);
    return { ...result, status: 'pending', detail: reason, afterSeconds };
  }

  #record(result: MigrationResult, { wave }: MigrationTarget): void {
    if (result.status === 'failed') {
      this.#failures.all += 1;
      if (wave === 0) this.#failures.canaries += 1;
    }
    this.#recorder.add(result);
  }

  #mustStop(): boolean {
    return this.#options.signal.aborted || this.#recorder.broken || this.#haltReason() !== undefined;
  }

  #haltReason(): string | undefined {
    const { canaries, all } = this.#failures;
    const { maxFailures } = this.#claim.migration;
    if (canaries > 0) return `${canaries} of the canaries failed.`;
    if (all > maxFailures) return `${all} tenants failed; ${maxFailures} were allowed.`;
    return undefined;
  }
}
