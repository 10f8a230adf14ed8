import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../code/index.ts';
import { type Check, ok } from './check.ts';

const { toolchain } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  toolchain: { node: string };
};

/** Functions are bundled, and templates made, by the Node that is pinned: another one makes others. */
export const toolchainCheck: Check = {
  name: 'Node.js',
  async look() {
    const running = process.versions.node;
    if (running === toolchain.node) return ok(running);
    return [
      {
        level: 'error',
        detail: `${running}, and not ${toolchain.node}`,
        remedy: 'Start it with npm run or npx aws-cdk: they take the pinned one.',
      },
    ];
  },
};
