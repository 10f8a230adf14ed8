import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ServiceQuotas {
  url: string;
  /** What every quota of the account is. */
  value: number;
  close(): void;
}

/** Service Quotas, which the emulator has not: answers whatever is asked for with the one value. */
export async function startServiceQuotas(value: number): Promise<ServiceQuotas> {
  const quotas = { url: '', value, close: () => void server.close() };
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    response.end(JSON.stringify({ Quota: { Value: quotas.value } }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  quotas.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return quotas;
}
