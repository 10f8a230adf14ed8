import { bytes } from './bytes.ts';
import { logs } from './logs.ts';
import { metrics } from './metrics.ts';
import { requests } from './requests.ts';
import { storage } from './storage.ts';
import type { Usage } from './usage.ts';

/** Everything that is paid for by use, by class. */
export const usages: Record<string, Usage[]> = { metrics, logs, requests, bytes, storage };
