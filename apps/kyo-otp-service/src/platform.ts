import type { Platform } from '@kyong/otp';

/** As messages call us. */
export const platformAt = (host: string | undefined): Platform => ({ app: 'Kyo', host });
