// Every regular expression of code that sees input takes time in proportion to the text, or `npm run verify` says which does
// not: with one that does not, a single long request stops a service (CWE-1333). recheck proves it, by automata where it can.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { check } from 'recheck';
import ts from 'typescript';

const root = join(import.meta.dirname, '..');
/** What automata cannot prove is tried with texts made at random: the same ones each time. */
const randomSeed = 1;
/** The slowest takes a second here. */
const timeoutMilliseconds = 60_000;

/** Made of parts of ours, none of which a stranger chooses; each part stands in the code beside it. */
const composed = [
  'packages/otp/src/adapters/phone-numbers.ts',
  'packages/tenancy/src/adapters/tenant-objects.ts',
];

interface Expression {
  where: string;
  source: string;
  flags: string;
}

const files = globSync('{packages,apps,lambda}/*/{src,client}/**/*.{ts,tsx}', { cwd: root }).filter(
  (file) => !/\.test\.tsx?$/.test(file),
);
const findings: string[] = [];
// One after the other: the time of one that waits for the others would count as its own.
for (const expression of files.flatMap(expressionsIn)) findings.push(...(await judge(expression)));
process.stdout.write(findings.map((finding) => `${finding}\n`).join(''));
process.exitCode = findings.length === 0 ? 0 : 1;

/** In the order in which they stand there; one that is put together at run time has no source. */
function expressionsIn(file: string): Expression[] {
  const text = readFileSync(join(root, file), 'utf8');
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: Expression[] = [];
  const visit = (node: ts.Node): void => {
    const where = `${file}:${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf('/');
      found.push({ where, source: node.text.slice(1, end), flags: node.text.slice(end + 1) });
    }
    if (ts.isNewExpression(node) && node.expression.getText() === 'RegExp' && !composed.includes(file))
      found.push({ where, source: '', flags: '' });
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

async function judge({ where, source, flags }: Expression): Promise<string[]> {
  if (source === '') return [`${where}: an expression that is put together at run time cannot be judged`];
  const verdict = await check(source, flags, { timeout: timeoutMilliseconds, randomSeed });
  if (verdict.status === 'safe') return [];
  const why = verdict.status === 'vulnerable' ? verdict.complexity.summary : verdict.error.kind;
  return [`${where}: /${source}/${flags} (${why})`];
}
