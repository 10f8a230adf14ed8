import { serviceVariables } from '@kyong/service-kit';
import { z } from 'zod';

/** The environment of this service. */
export const configSchema = z.object({
  ...serviceVariables,
  /** It asks where tenants' databases are, and little else. */
  KYO_MASTER_DATABASE_CONNECTIONS: z.coerce.number().int().min(1).max(200).default(3),
  /** The address of the public keys of access tokens: `/.well-known/jwks.json` of kyo-otp-service. */
  KYO_JWKS_URL: z.url({ protocol: /^https?$/ }),
  /** The namespace of its metrics in CloudWatch. */
  KYO_METRICS_NAMESPACE: z.string().min(1).optional(),
  /** Set by ECS: where a container asks about its task. */
  ECS_CONTAINER_METADATA_URI_V4: z.url().optional(),
  /** Over which clients move to other servers when this one stops. */
  KYO_DRAIN_SECONDS: z.coerce.number().int().min(0).max(75).default(60),
});
