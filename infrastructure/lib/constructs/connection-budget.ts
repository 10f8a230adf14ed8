import type { Program } from '@kyong/tenancy/adapters/master-database';
import type { Stage } from '../../config/index.ts';

/** Connections of one task or one instance of a function to the master database. */
export const poolSizes: Record<Program, number> = {
  /** Sign-ins share two statements (`SignInBatches`); the third is for everything else. */
  otp: 3,
  /** It asks where tenants' databases are, and little else. */
  collaboration: 2,
  /** A statement, and the transaction or the lease that is kept beside it. */
  api: 2,
  driver: 2,
};
/** A service listens for changed tenants, over a connection beside its pool. */
const listening: Partial<Record<Program, number>> = { otp: 1, collaboration: 1 };

/** Old tasks stop when new ones are ready (`maxHealthyPercent`); old instances of a function end when Lambda finds the time. */
export const duringDeployment = 2;
/** Instances that run at one time where none are reserved: what a new account has for all its functions (AWS Lambda quotas). */
export const unreservedInstances = 10;
/** RDS events only hurry operations: those that find no instance wait (`InstanceEvent`). */
export const instanceEventInstances = 2;
/** It runs once a minute, for less than one; now and then twice (EventBridge: at least once). */
export const sweepInstances = 2;

/**
 * What is left to no program: 3 that PostgreSQL keeps for superusers and 2 that RDS keeps for `rds_superuser`; migrations,
 * rotations and an operator's own sessions.
 */
export const reserve = 15;

type BudgetedStage = Pick<Stage, 'api' | 'services' | 'tenants'>;

/** The most processes of each program there are at one time. */
function processes({ api, services, tenants }: BudgetedStage): Record<Program, number> {
  const tasks = services.tasks.max * duringDeployment;
  return {
    otp: tasks,
    collaboration: tasks,
    api: (api.reservedConcurrency ?? unreservedInstances) * duringDeployment,
    // Steps that find no connection are tried again: what a release leaves for a while may have theirs.
    driver: (tenants.driverConcurrency ?? unreservedInstances) + instanceEventInstances + sweepInstances,
  };
}

/** How many connections to the master database all processes of a program may have: as many as they can open. */
export function connectionLimits(stage: BudgetedStage): Record<Program, number> {
  const limits = Object.entries(processes(stage)).map(([name, count]) => {
    const program = name as Program;
    return [program, count * (poolSizes[program] + (listening[program] ?? 0))];
  });
  return Object.fromEntries(limits) as Record<Program, number>;
}

/** Of all programs together: the most that can be open, but for what `reserve` is for. */
export function allowedConnections(stage: BudgetedStage): number {
  return Object.values(connectionLimits(stage)).reduce((sum, limit) => sum + limit, 0);
}
