import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface AccountStanding {
  url: string;
  /** What every quota of the account is. */
  quota: number;
  close(): void;
}

/** What AWS grants an account, of which the emulator says nothing: its quotas, and that it may send SMS to every number. */
export async function startAccountStanding(quota: number): Promise<AccountStanding> {
  const standing = { url: '', quota, close: () => void server.close() };
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    const answers: Record<string, unknown> = {
      GetServiceQuota: { Quota: { Value: standing.quota } },
      DescribeAccountAttributes: { AccountAttributes: [{ Name: 'ACCOUNT_TIER', Value: 'PRODUCTION' }] },
    };
    const action = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
    response.statusCode = action in answers ? 200 : 400;
    response.end(JSON.stringify(answers[action] ?? {}));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  standing.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return standing;
}
