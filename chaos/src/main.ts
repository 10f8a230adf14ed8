// `npm run chaos [-- operations] [--seed N]`: breaks the platform in every way we know of and counts what is lost.
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { collaborationFaults } from './collaboration/faults.ts';
import { type Fault, renderFinding, runFault } from './fault.ts';
import { fleetFaults } from './fleet/faults.ts';
import { hostileFaults } from './hostile/faults.ts';
import { httpFaults } from './http/faults.ts';
import { operationFaults } from './operations/faults.ts';
import { otpFaults } from './otp/faults.ts';
import { rollingFaults } from './rolling/faults.ts';

const suites: Record<string, Fault[]> = {
  collaboration: collaborationFaults,
  fleet: fleetFaults,
  hostile: hostileFaults,
  http: httpFaults,
  operations: operationFaults,
  otp: otpFaults,
  rolling: rollingFaults,
};

const { values, positionals } = parseArgs({ allowPositionals: true, options: { seed: { type: 'string' } } });
const names = positionals.length > 0 ? positionals : Object.keys(suites);
const unknown = names.find((name) => !(name in suites));
if (unknown !== undefined) {
  process.stderr.write(`There is no suite "${unknown}". There are: ${Object.keys(suites).join(', ')}.\n`);
  process.exit(1);
}

const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
process.stdout.write(`seed ${seed}\n`);
let failed = 0;
for (const fault of names.flatMap((name) => suites[name] ?? [])) {
  process.stderr.write(`• ${fault.name} …\n`);
  const startedAt = performance.now();
  const minutes = () => `${((performance.now() - startedAt) / 60_000).toFixed(1)} min`;
  const clock = setInterval(() => process.stderr.write(`  … ${minutes()}\n`), 60_000);
  const finding = await runFault(fault, { scale: 'full', seed }).finally(() => clearInterval(clock));
  process.stdout.write(`${renderFinding(fault, finding)}\n  took: ${minutes()}\n`);
  if (!finding.held) failed += 1;
}
process.stdout.write(failed === 0 ? 'Nothing was lost.\n' : `${failed} did not hold.\n`);
process.exitCode = failed === 0 ? 0 : 1;
