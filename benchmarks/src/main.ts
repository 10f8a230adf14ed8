// `npm run bench [-- NAME] [--json FILE] [--scale 0.1]`: our figures beside those of our peers, measured in the same run.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { benchmarkCollaboration } from './collaboration/benchmark.ts';
import { benchmarkFleet } from './fleet/benchmark.ts';
import { describeMachine } from './machine.ts';
import { benchmarkOtp } from './otp/benchmark.ts';
import { type Report, renderReport } from './report.ts';

type Benchmark = (progress: (line: string) => void, options: { scale: number }) => Promise<Report>;
const benchmarks: Record<string, Benchmark> = {
  collaboration: benchmarkCollaboration,
  fleet: benchmarkFleet,
  otp: benchmarkOtp,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, scale: { type: 'string', default: '1' } },
});
const names = positionals.length > 0 ? positionals : Object.keys(benchmarks);
const unknown = names.find((name) => !(name in benchmarks));
if (unknown !== undefined) {
  process.stderr.write(
    `There is no benchmark "${unknown}". There are: ${Object.keys(benchmarks).join(', ')}.\n`,
  );
  process.exit(1);
}

const scale = Number(values.scale);
if (!(scale > 0 && scale <= 1)) {
  process.stderr.write(`--scale ${values.scale}: expected more than 0 and at most 1.\n`);
  process.exit(1);
}

const machine = describeMachine();
const reports: Record<string, Report> = {};
for (const name of names) {
  const report = await benchmarks[name]?.((line) => process.stderr.write(`• ${line}\n`), { scale });
  if (!report) continue;
  reports[name] = report;
  process.stdout.write(`\n${renderReport(name, report, machine)}\n`);
}
if (values.json !== undefined)
  writeFileSync(
    values.json,
    `${JSON.stringify({ measuredAt: new Date().toISOString(), machine, reports }, null, 2)}\n`,
  );
process.exitCode = Object.values(reports).every(({ targets }) => targets.every(({ met }) => met)) ? 0 : 1;
