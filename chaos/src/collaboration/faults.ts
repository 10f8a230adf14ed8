import type { Fault } from '../fault.ts';
import { killsAtTheAnswer } from './answers.ts';
import { randomSchedules, serverAndRedisKills } from './convergence.ts';
import { costlyGym } from './costly.ts';
import { deliveryFaults, drains, joinRaces } from './delivery.ts';
import { fuzzedFrames } from './frames.ts';
import { hostileClients, stalledReader } from './hostile.ts';
import { crossTenantAttempts } from './isolation.ts';

export const collaborationFaults: Fault[] = [
  randomSchedules,
  killsAtTheAnswer,
  serverAndRedisKills,
  ...deliveryFaults,
  joinRaces,
  drains,
  crossTenantAttempts,
  hostileClients,
  costlyGym,
  stalledReader,
  fuzzedFrames,
];
