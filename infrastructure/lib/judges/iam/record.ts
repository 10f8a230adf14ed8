import { readFileSync } from 'node:fs';
import { account } from '../../rules/service-input/ids.ts';
import type { Call } from './call.ts';
import type { Policies, Policy } from './policies.ts';
import { isAllowed, policyHolder } from './simulate.ts';

interface RecordedRole {
  name: string;
  policies: Policy[];
  boundary?: Policy;
}
export interface RecordedCall {
  role: string;
  action: string;
  resource: string;
  context: Call['context'];
  resourcePolicy?: Policy;
  /** The call that AWS made this one for. */
  behind?: string;
  /** What the emulator said. */
  allowed: boolean;
}

/** What the emulator's overlay wrote down: each call of a role once, with the policies the role had then. */
export class IamRecord {
  readonly calls: RecordedCall[] = [];
  readonly #policies = new Map<RecordedCall, Policies>();

  constructor(file: string) {
    const roles = new Map<string, RecordedRole>();
    for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
      const entry = JSON.parse(line) as RecordedRole | RecordedCall;
      if ('name' in entry) roles.set(entry.name, entry);
      else {
        this.calls.push(entry);
        this.#policies.set(entry, policiesFor(entry, roles.get(entry.role)));
      }
    }
  }

  /** Judges each call again, by the other evaluator: those that either of the two denies. */
  async denied(): Promise<string[]> {
    const found: string[] = [];
    for (const call of this.calls) {
      const policies = this.#policies.get(call);
      const simulated = policies && (await isAllowed(callOf(call), policies));
      if (call.allowed && simulated) continue;
      const by = [call.allowed || 'the emulator', simulated || 'iam-simulate'].filter(
        (each) => each !== true,
      );
      const keys = JSON.stringify(call.context);
      found.push(
        `${call.role} ${call.action} on ${call.resource} with ${keys}: denied by ${by.join(' and ')}`,
      );
    }
    return found;
  }
}

const callOf = ({ role, action, resource, context }: RecordedCall): Call => ({
  caller: arnOfRole(role),
  action,
  resource,
  ...(context && { context }),
  why: '',
});

function policiesFor(
  { role, resource, resourcePolicy }: RecordedCall,
  found: RecordedRole | undefined,
): Policies {
  const arn = arnOfRole(role);
  return {
    identity: new Map([[arn, found?.policies ?? []]]),
    boundary: new Map(found?.boundary ? [[arn, found.boundary]] : []),
    resource: new Map(resourcePolicy ? [[policyHolder(resource), resourcePolicy]] : []),
  };
}

const arnOfRole = (name: string) => `arn:aws:iam::${account}:role/${name}`;
