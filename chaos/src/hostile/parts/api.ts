import type { HostilePart } from '../part.ts';
import { steadily } from '../steadily.ts';

const machines = 5;

/** What is dear to answer, over and over; what is another's; and what only an operator may ask. */
export const expensiveRequests: HostilePart = {
  name: 'expensive lists, exports and inspections',
  run: async ({ strangers, signal, told, target: { gym, victim } }) => {
    const { token, documentId, largeDocumentId } = gym;
    const requests: ['GET' | 'POST' | 'PUT' | 'DELETE', string, object?][] = [
      ['GET', '/api/collaboration/documents?limit=200'],
      ['GET', '/api/collaboration/usage'],
      ['GET', '/api/otp/log?limit=200'],
      ['GET', '/api/otp/log/summary'],
      ['POST', '/api/otp/log/search', { q: 'a' }],
      ['GET', `/api/collaboration/documents/${largeDocumentId}/history?limit=200`],
      ['GET', `/api/collaboration/documents/${documentId}/comments?limit=200`],
      ['POST', `/api/collaboration/documents/${documentId}/comments`, { text: 'x'.repeat(1_000) }],
      ['GET', '/tenants?limit=200'],
      ['GET', `/tenants/${victim.tenantId}/export`],
      ['GET', `/tenants/${victim.tenantId}/audit`],
      ['POST', `/tenants/${victim.tenantId}/suspend`, {}],
      ['POST', '/fleet/inspections', { kind: 'drift' }],
      ['GET', '/audit?limit=200'],
    ];
    await steadily({ perSecond: 40, signal }, async (n) => {
      const [method, path, body] = requests[n % requests.length] as (typeof requests)[0];
      told(await strangers.at(n % machines).request(method, path, { token, body }));
    });
  },
};

/** Named states of the largest document. */
export const versions: HostilePart = {
  name: 'versions of a large document',
  run: ({ strangers, signal, told, target: { gym } }) =>
    steadily({ perSecond: 3, signal }, async (n) => {
      const path = `/api/collaboration/documents/${gym.largeDocumentId}/history`;
      const body = { name: `version ${n}` };
      told(await strangers.at(n % machines).request('POST', path, { token: gym.token, body }));
    }),
};
