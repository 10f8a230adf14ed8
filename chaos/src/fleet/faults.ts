import type { Fault } from '../fault.ts';
import { migrationKills } from './migration-kills.ts';

export const fleetFaults: Fault[] = [migrationKills];
