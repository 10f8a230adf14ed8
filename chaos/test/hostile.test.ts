import { test } from 'vitest';
import { hostileFaults } from '../src/hostile/faults.ts';
import { testInShort } from './short-form.ts';

// In full, with the ratio of the honest gym's p99: npm run chaos -- hostile. Each person has an address of their own on the
// loopback network, which Linux alone gives without being asked.
if (process.platform === 'linux') testInShort(hostileFaults);
else test.skip('hostile neighbours need the loopback addresses of Linux');
