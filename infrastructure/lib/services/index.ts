import { collaboration } from './collaboration.ts';
import type { ServiceDefinition } from './definition.ts';
import { otp } from './otp.ts';

export type { ServiceContext, ServiceDefinition } from './definition.ts';

/** The services there are. Another one is another entry. */
export const services: readonly ServiceDefinition[] = [otp, collaboration];
