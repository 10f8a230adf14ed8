import { PassThrough } from 'node:stream';
import { formatDifferences, fullDiff } from '@aws-cdk/cloudformation-diff';
import type { Templates } from './rules/templates.ts';

/**
 * What changes from one set of templates to the other, as the CDK command line writes it (its own library): stack by stack,
 * replacements marked, rights listed. Reading deployed templates is all it needs of AWS, so a pull request's role can do it.
 */
export function describeTemplateChanges(before: Templates, after: Templates): string {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changes = names.map((name) => ({ name, diff: fullDiff(before[name] ?? {}, after[name] ?? {}) }));
  const different = changes.filter(({ diff }) => !diff.isEmpty);
  return [
    ...different.map(({ name, diff }) => `Stack ${name}\n${textOf(diff)}`),
    `Number of stacks with differences: ${different.length}`,
  ].join('\n');
}

function textOf(diff: Parameters<typeof formatDifferences>[1]): string {
  const stream = new PassThrough();
  formatDifferences(stream, diff);
  return String(stream.read() ?? '').replaceAll(colours, '');
}

/** The library colours its text for terminals (ECMA-48, "select graphic rendition"). */
const colours = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');
