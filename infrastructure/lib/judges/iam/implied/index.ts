import type { Call } from '../call.ts';
import type { Policies } from '../policies.ts';
import type { ImaginedAccount } from './account.ts';
import { alarms, subscriptions } from './alerts.ts';
import { api, apiLogs } from './api.ts';
import { containers, shells } from './containers.ts';
import { madeRoles } from './deployment.ts';
import { rules } from './events.ts';
import { destinations, functions } from './functions.ts';
import { machines } from './machines.ts';
import { keysOfSecrets } from './secrets.ts';
import { bucketLogs, encryptedLogs, flowLogs, loadBalancerLogs, origins } from './storage.ts';
import { trust } from './trust.ts';

/** One function for each thing that AWS does by itself, or in the name of a role of ours, because of what is deployed. */
const table: ((imagined: ImaginedAccount) => Call[])[] = [
  alarms,
  subscriptions,
  api,
  apiLogs,
  containers,
  shells,
  rules,
  functions,
  destinations,
  machines,
  origins,
  bucketLogs,
  loadBalancerLogs,
  flowLogs,
  encryptedLogs,
  trust,
  madeRoles,
];

/** The calls that have no data plane in an emulator, and that no one sees fail before they do. */
export async function impliedCalls(imagined: ImaginedAccount, policies: Policies): Promise<Call[]> {
  return [...table.flatMap((row) => row(imagined)), ...(await keysOfSecrets(imagined, policies))];
}
