import type { Templates } from '../../rules/index.ts';
import type { Allowance } from '../always-free.ts';
import type { Workload } from '../workload.ts';

/** One thing that is paid for by use. */
export interface Usage {
  item: string;
  /** The types of resources whose use it is: without any of them it is not paid for. */
  types: readonly string[];
  /** How the units were come by, in words. */
  assumption: string;
  units: (templates: Templates, workload: Workload) => number;
  usdPerUnit: number;
  /** What of it AWS gives to each account. Several lines may share one allowance. */
  alwaysFree?: Allowance;
}
