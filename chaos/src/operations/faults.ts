import type { Fault } from '../fault.ts';
import { randomOperations } from './random-operations.ts';

export const operationFaults: Fault[] = [randomOperations];
