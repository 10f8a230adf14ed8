// npm run supply-chain [-- --sbom FILE]: what we take in from others. Known vulnerabilities of what ships, licences we may ship
// under, and a list of it all (CycloneDX).
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const root = join(import.meta.dirname, '..');
const pnpm = join(root, '.toolchain', 'node_modules', 'pnpm', 'bin', 'pnpm.mjs');
/** Licences that ask for a notice at most, or (MPL) for the source of the very files, which nobody here changes. */
const licences = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'MPL-2.0',
  'Unlicense',
];

const { values } = parseArgs({ options: { sbom: { type: 'string' } } });
const faults: string[] = [];

const audit = run('audit', '--prod', '--audit-level', 'high');
if (audit.status === 0) report('no known vulnerability of high severity');
else faults.push(`Vulnerabilities, or the registry cannot be asked about them:\n${audit.output}`);

// Tools of development ship with nothing, whatever their licence (ADR 22).
const list = run('--recursive', 'licenses', 'list', '--prod', '--json');
const packagesByLicence = JSON.parse(list.stdout) as Record<string, { name: string }[]>;
const unknown = Object.entries(packagesByLicence).filter(([licence]) => !isAllowed(licence));
if (unknown.length === 0) report(`licences: ${Object.keys(packagesByLicence).sort().join(', ')}`);
for (const [licence, packages] of unknown)
  faults.push(`${licence} is no licence we ship under: ${packages.map(({ name }) => name).join(', ')}.`);

if (values.sbom !== undefined) {
  const sbom = run('sbom', '--prod', '--lockfile-only', '--sbom-format', 'cyclonedx', '--out', values.sbom);
  if (sbom.status === 0) report(`what ships is listed in ${values.sbom}`);
  else faults.push(`The list of what ships could not be made:\n${sbom.output}`);
}

for (const fault of faults) process.stderr.write(`✗ ${fault}\n`);
process.exitCode = faults.length === 0 ? 0 : 1;

/** An SPDX expression of alternatives is allowed when one of them is. */
function isAllowed(expression: string): boolean {
  return expression
    .replaceAll(/[()]/g, '')
    .split(' OR ')
    .some((licence) => licence.split(' AND ').every((part) => licences.includes(part.trim())));
}

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [pnpm, ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return { status, stdout, output: `${stdout}${stderr}`.trim().slice(-4_000) };
}

function report(line: string): void {
  process.stdout.write(`✓ ${line}\n`);
}
