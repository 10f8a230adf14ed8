// Lints the OpenAPI document, which is made from the contracts.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openApi } from '../packages/api-docs/src/index.ts';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'kyo-openapi-'));
const file = join(folder, 'openapi.json');
writeFileSync(file, JSON.stringify(openApi(), null, 1));
const { status } = spawnSync(
  join(root, 'node_modules', '.bin', 'redocly'),
  ['lint', file, '--config', join(root, 'redocly.yaml')],
  // It would tell its makers who runs it, and ask them for a newer version.
  {
    stdio: 'inherit',
    env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
  },
);
rmSync(folder, { recursive: true });
process.exitCode = status ?? 1;
