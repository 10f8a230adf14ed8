import type { Stage } from '../../config/index.ts';
import { instanceEventInstances } from '../constructs/connection-budget.ts';
import { strategyOf, taskSizeOf } from '../constructs/fargate-service.ts';
import { services } from '../services/index.ts';

/** What a stage asks of the account's quotas, by its values alone: the tests count the same in its templates. */
export interface Needs {
  vpcs: number;
  /** One for each gateway. */
  elasticIps: number;
  databaseServers: number;
  /** Executions at once that are kept for one function alone. */
  reservedConcurrency: number;
  /** vCPU of tasks, at the fewest and at the most. */
  fargate: Record<'FARGATE' | 'FARGATE_SPOT', { fewest: number; most: number }>;
}

export function needsOf(stage: Stage): Needs {
  const { min, max } = stage.services.tasks;
  const cpus = (provider: string) => ({
    fewest: cpusOf(stage, provider, min),
    most: cpusOf(stage, provider, max),
  });
  return {
    vpcs: 1,
    elasticIps: elasticIpsOf(stage.network),
    databaseServers: 2,
    reservedConcurrency:
      (stage.api.reservedConcurrency ?? 0) +
      (stage.tenants.driverConcurrency ? stage.tenants.driverConcurrency + instanceEventInstances : 0),
    fargate: { FARGATE: cpus('FARGATE'), FARGATE_SPOT: cpus('FARGATE_SPOT') },
  };
}

/** An instance has an address of its own as long as it runs. */
function elasticIpsOf({ nat }: Stage['network']): number {
  if (typeof nat !== 'string') return 0;
  return { gateway: 1, 'gateway-per-zone': 3 }[nat];
}

/** With so many tasks of each service; twice, since a deployment runs the old and the new side by side. */
function cpusOf(stage: Stage, provider: string, tasks: number): number {
  const sideBySide = 2;
  const cpus = services.map((service) => {
    const strategy = strategyOf(service, stage);
    const share = strategy.find(({ capacityProvider }) => capacityProvider === provider);
    if (share === undefined) return 0;
    const bases = strategy.reduce((sum, { base = 0 }) => sum + base, 0);
    const weights = strategy.reduce((sum, { weight = 0 }) => sum + weight, 0);
    const beyond = Math.max(0, tasks - bases);
    const here = (share.base ?? 0) + Math.ceil((beyond * (share.weight ?? 0)) / weights);
    return here * (taskSizeOf(service, stage).cpuUnits / 1024);
  });
  return sideBySide * cpus.reduce((sum, each) => sum + each, 0);
}
