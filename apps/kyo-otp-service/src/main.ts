import { loadSigningKeys } from '@kyong/identity/adapters/signing-keys';
import { OtpKeys } from '@kyong/otp';
import { connectRedis, RedisOutbox } from '@kyong/otp/adapters/redis';
import { createPool } from '@kyong/postgres';
import { ConfigError, createLogger, loadConfig, onShutdown } from '@kyong/service-kit';
import { createApp } from './app.ts';
import { type Config, configSchema } from './config.ts';
import { createDeliveryWorker } from './delivery.ts';

const idleTimeoutSeconds = 30;
/** Longer than a delivery may take; the platform's own deadline is 30 seconds (ECS `stopTimeout`). */
const shutdownDeadlineSeconds = 25;

const config = readConfig();
const logger = createLogger({ service: 'kyo-otp-service', level: config.KYO_LOG_LEVEL });
const now = () => new Date();
const redis = connectRedis(config.KYO_REDIS_URL, (err) => logger.warn({ err }, 'redis connection disturbed'));
const pool = createPool(
  { connectionString: config.KYO_MASTER_DATABASE_URL },
  { maxConnections: config.KYO_MASTER_DATABASE_CONNECTIONS, idleTimeoutSeconds },
  (err) => logger.warn({ err }, 'database connection disturbed'),
);
const tokens = { issuer: config.KYO_TOKEN_ISSUER, audience: config.KYO_TOKEN_AUDIENCE };
const signingKeys = await loadSigningKeys(config.KYO_SIGNING_KEYS, { ...tokens, now });
const otpKeys = new OtpKeys(config.KYO_OTP_SECRET);
const outbox = new RedisOutbox({ redis, keys: otpKeys, now });
const app = createApp({
  logger,
  now,
  redis,
  pool,
  otpKeys,
  signingKeys,
  tokens,
  limitLoopback: true,
  trustedProxies: config.KYO_TRUSTED_PROXIES,
  outbox,
});
const worker = createDeliveryWorker({ logger, now, redis, otpKeys, sender: outbox });

onShutdown({ logger, deadlineSeconds: shutdownDeadlineSeconds }, async () => {
  await app.close();
  await worker.stop();
  redis.disconnect();
  await pool.end();
});
worker.start();
await app.listen({ host: '0.0.0.0', port: config.KYO_PORT });
logger.info({ port: config.KYO_PORT }, 'listening');

function readConfig(): Config {
  try {
    return loadConfig(configSchema, process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
