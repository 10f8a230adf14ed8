import { rollingFaults } from '../src/rolling/faults.ts';
import { testInShort } from './short-form.ts';

// The full forms: npm run chaos -- rolling.
testInShort(rollingFaults);
