import type { Fault } from '../fault.ts';
import { deliveryKills } from './delivery-kills.ts';
import { enumeration } from './enumeration.ts';
import { failovers } from './failovers.ts';
import { parallelVerifies, rightAmidWrong, wrongGuesses } from './guessing.ts';
import { redisKills } from './redis-kills.ts';

export const otpFaults: Fault[] = [
  parallelVerifies,
  wrongGuesses,
  rightAmidWrong,
  redisKills,
  failovers,
  deliveryKills,
  enumeration,
];
