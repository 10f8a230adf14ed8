// Kyo's HTTP layer by itself: the two routes of the contract, with request ids, validation, security headers and the log, and
// nothing behind them.
import type { AddressInfo } from 'node:net';
import { routes } from '@kyong/contracts';
import { createHttpApp, createLogger, serve } from '@kyong/service-kit';
import { report } from '../server-under-test.ts';

const text = (length: number) => 'x'.repeat(length);
const at = new Date().toISOString();
const app = createHttpApp({ logger: createLogger({ service: 'kyo-http' }), checks: {}, trustedProxies: 1 });
serve(app, routes.sendOtp, async () => ({ requestId: text(43), expiresAt: at, resendAfter: at }));
// As long as the real ones.
serve(app, routes.verifyOtp, async () => ({
  accessToken: text(520),
  refreshToken: text(64),
  tokenType: 'Bearer' as const,
  expiresIn: 900,
  user: { id: text(36), roles: [], tenants: [] },
}));
await app.listen({ host: '127.0.0.1', port: 0 });
report((app.server.address() as AddressInfo).port);
