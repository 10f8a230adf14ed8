import { killsAtTheAnswer } from '../src/collaboration/answers.ts';
import { randomSchedules, serverAndRedisKills } from '../src/collaboration/convergence.ts';
import { drains } from '../src/collaboration/delivery.ts';
import { hostileClients } from '../src/collaboration/hostile.ts';
import { crossTenantAttempts } from '../src/collaboration/isolation.ts';
import { testInShort } from './short-form.ts';

// All of them, in full: npm run chaos -- collaboration.
testInShort([
  randomSchedules,
  killsAtTheAnswer,
  serverAndRedisKills,
  drains,
  crossTenantAttempts,
  hostileClients,
]);
