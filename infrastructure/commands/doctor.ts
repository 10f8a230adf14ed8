import { parseArgs } from 'node:util';
import { stageOf } from '../config/index.ts';
import { preflightClients } from '../lib/preflight/clients.ts';
import { describeFinding, runPreflight } from '../lib/preflight/index.ts';
import { command } from './command.ts';

// `npm run kyo -- doctor --stage dev --preflight`: whether the stage can be deployed into the account at hand. Changes nothing.
await command(async () => {
  const { values } = parseArgs({
    options: { stage: { type: 'string' }, json: { type: 'boolean', default: false } },
  });
  const stage = stageOf(values.stage);
  const findings = await runPreflight({ stage, clients: preflightClients(stage) });
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ findings: findings.map((each) => ({ ...each, ok: each.level !== 'error' })) }, null, 2)}\n`
      : findings.map(describeFinding).join(''),
  );
  const errors = findings.filter(({ level }) => level === 'error').length;
  if (errors > 0) throw new Error(`${errors} of ${findings.length} checks failed.`);
});
