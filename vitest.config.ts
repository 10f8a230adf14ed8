import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// These only end what hangs: how fast a machine is must not decide whether the code is right.
const patience = { testTimeout: 600_000, hookTimeout: 600_000 };

const onRealServers = {
  globalSetup: ['packages/testing/src/global-setup.ts'],
  ...patience,
};

export default defineConfig({
  test: {
    // Most of a test's time is other processes starting: on two cores, two files at once.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        // Beside the source: no servers, milliseconds.
        test: {
          name: 'unit',
          include: ['{packages,apps,lambda,scripts}/**/src/**/*.test.ts'],
          ...patience,
        },
      },
      {
        // In `test/`: real PostgreSQL, real Redis, real processes and sockets.
        test: {
          name: 'integration',
          include: [
            '{packages,apps,lambda}/*/test/**/*.test.ts',
            '{chaos,infrastructure}/test/**/*.test.ts',
            'test/**/*.test.ts',
          ],
          exclude: ['**/node_modules/**', '**/*.emulator.test.ts'],
          ...onRealServers,
        },
      },
      {
        // The same, and an emulated AWS, which is written in Python: `npm run test:deploy`.
        test: {
          name: 'emulator',
          include: ['{packages/*,apps/*,lambda/*,infrastructure}/test/**/*.emulator.test.ts'],
          ...onRealServers,
        },
      },
      {
        // Builds every image and starts it, which needs Docker or root: `npm run test:images`.
        test: { name: 'image', include: ['images/test/**/*.test.ts'], ...onRealServers },
      },
    ],
  },
});
