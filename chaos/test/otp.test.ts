import { otpFaults } from '../src/otp/faults.ts';
import { testInShort } from './short-form.ts';

// The full forms: npm run chaos -- otp.
testInShort(otpFaults);
