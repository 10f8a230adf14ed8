import { httpFaults } from '../src/http/faults.ts';
import { testInShort } from './short-form.ts';

// All of them, in full: npm run chaos -- http.
testInShort(httpFaults);
