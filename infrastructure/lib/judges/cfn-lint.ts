import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pythonEnvironment } from '@kyong/testing/python';

/** What cfn-lint says of every template, without these. */
const ignored = {
  // Dependencies that a reference implies already: CDK writes them all.
  W3005: 'redundant DependsOn',
  // Zones are values of the stage: looking them up would need an account.
  W3010: 'named zones',
};

/** Runs cfn-lint over the templates of a folder; answers with its findings, one a line, none when all is well. */
export async function cfnLint(directory: string): Promise<string[]> {
  const python = await pythonEnvironment('cfn-lint');
  const templates = readdirSync(directory).filter((file) => file.endsWith('.template.json'));
  if (templates.length === 0) throw new Error(`There are no templates in ${directory}.`);
  const args = [
    '--format',
    'parseable',
    '--ignore-checks',
    ...Object.keys(ignored),
    '--',
    ...templates.map((file) => join(directory, file)),
  ];
  return new Promise((resolve, reject) => {
    execFile(python, ['-c', program, ...args], { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const findings = stdout.split('\n').filter(Boolean);
      // It ends with a code of its own for every kind of finding; without one, something else went wrong.
      if (error && findings.length === 0) reject(new Error(`cfn-lint failed.\n${stderr || error.message}`));
      else resolve(findings);
    });
  });
}

const program = 'from cfnlint.runner import main; import sys; sys.argv[0] = "cfn-lint"; sys.exit(main())';
