// node scripts/prune-workspace.ts SERVICE DIRECTORY: puts what the service runs on into the directory, once its packages are
// installed: `node_modules` as it is, and under `sources` the packages of this repository that it needs.
import { cpSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { closureOf, readWorkspace } from './workspace.ts';

const [service = '', directory = ''] = process.argv.slice(2);
const root = join(import.meta.dirname, '..');

mkdirSync(directory, { recursive: true });
renameSync(join(root, 'node_modules'), join(directory, 'node_modules'));
// Links to packages stay links: they lead to what lies in `node_modules` beside them.
for (const { folder } of closureOf(service, readWorkspace(root)))
  cpSync(join(root, folder), join(directory, 'sources', folder), { recursive: true, verbatimSymlinks: true });
