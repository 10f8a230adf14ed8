import type { Templates } from '../../rules/index.ts';
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
  /** Units that AWS gives to each account every month, for ever. They are not taken off: other stages may have used them. */
  alwaysFree?: number;
}
