import type { Operation, Tenant } from '@kyong/contracts';
import { eventually } from '@kyong/testing';
import { expect, it } from 'vitest';

export interface Platform {
  call(method: string, path: string, body?: unknown): Promise<Response>;
  succeeded(statusUrl: string): Promise<Operation>;
  /** What EventBridge does every minute. */
  sweep(): Promise<void>;
  /** The first backup, which RDS makes of a new instance by itself. */
  backUp(instanceId: string): Promise<void>;
}

/** Every operation that there is, under the roles that carry it out: of both placements, at the same time. */
export function operations(platform: () => Platform): void {
  const carryOut = async (method: string, path: string, body?: unknown) => {
    const response = await platform().call(method, path, body);
    const { statusUrl } = (await response.json()) as { statusUrl: string };
    expect(response.status, `${method} ${path}`).toBe(202);
    return platform().succeeded(statusUrl);
  };
  const tenantAt = async (tenantId: string) =>
    (await (await platform().call('GET', `/tenants/${tenantId}`)).json()) as Tenant;
  /** It has left: its data goes when its time is over, which the sweep sees. */
  const leaves = async (tenantId: string) => {
    await carryOut('DELETE', `/tenants/${tenantId}`);
    const link = await platform().call('GET', `/tenants/${tenantId}/export`);
    const { url } = (await link.json()) as { url: string };
    expect((await fetch(url)).status).toBe(200);
    const erasure = await eventually(
      async () => {
        await platform().sweep();
        const { operation } = await tenantAt(tenantId);
        expect(operation?.kind).toBe('erase');
        return operation;
      },
      { interval: 1_000 },
    );
    await platform().succeeded(`/operations/${erasure?.operationId}`);
    expect((await tenantAt(tenantId)).status).toBe('offboarded');
  };

  it.concurrent('of a tenant on a server of its own', async () => {
    const tenant = '/tenants/lone-gym';
    await carryOut('POST', '/provision-tenant', { tenantId: 'lone-gym', plan: 'basic' });
    await carryOut('POST', `${tenant}/suspend`);
    await carryOut('POST', `${tenant}/resume`);
    await carryOut('POST', `${tenant}/rotate-secret`);
    await carryOut('POST', `${tenant}/plan`, { plan: 'premium' });
    await platform().backUp('kyo-dev-t-lone-gym');
    const restore = () => carryOut('POST', `${tenant}/restore`, { to: new Date().toISOString() });
    await restore();
    await carryOut('POST', `${tenant}/restore/discard`);
    await restore();
    await carryOut('POST', `${tenant}/restore/swap`);
    await carryOut('POST', `${tenant}/confirm`);
    await leaves('lone-gym');
  }, 300_000);

  it.concurrent('of a tenant on the shared server', async () => {
    const tenant = '/tenants/flat-gym';
    await carryOut('POST', '/provision-tenant', { tenantId: 'flat-gym', plan: 'free' });
    await carryOut('POST', `${tenant}/rotate-secret`);
    await carryOut('POST', `${tenant}/plan`, { plan: 'basic' });
    await carryOut('POST', `${tenant}/confirm`);
    await carryOut('POST', `${tenant}/plan`, { plan: 'free' });
    await carryOut('POST', `${tenant}/confirm`);
    await leaves('flat-gym');
  }, 300_000);
}
