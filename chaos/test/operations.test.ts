import { operationFaults } from '../src/operations/faults.ts';
import { testInShort } from './short-form.ts';

// The full forms: npm run chaos -- operations.
testInShort(operationFaults);
