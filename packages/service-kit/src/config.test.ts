import { expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigError, loadConfig } from './config.ts';

const schema = z.object({ PORT: z.coerce.number().int(), DATABASE_URL: z.url(), SECRET: z.string().min(32) });

it('reads typed values', () => {
  const config = loadConfig(schema, {
    PORT: '8080',
    DATABASE_URL: 'postgresql://localhost/x',
    SECRET: 's'.repeat(32),
  });
  expect(config.PORT).toBe(8080);
});

it('names every fault at once, and no value', () => {
  const environment = { PORT: 'hunter2', SECRET: 'hunter2' };
  const load = () => loadConfig(schema, environment);
  expect(load).toThrow(ConfigError);
  expect(load).toThrow(/PORT: .*\n.*DATABASE_URL: is not set\n.*SECRET: /);
  expect(load).not.toThrow(/hunter2/);
});
