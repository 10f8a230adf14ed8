import { fleetFaults } from '../src/fleet/faults.ts';
import { testInShort } from './short-form.ts';

// The full forms: npm run chaos -- fleet.
testInShort(fleetFaults);
