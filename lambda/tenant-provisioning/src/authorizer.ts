import { accessTokenVerifier, loadConfig, remoteKeys } from '@kyong/service-kit';
import { createAuthorizer } from './authorize.ts';
import { authorizerConfig } from './config.ts';

const config = loadConfig(authorizerConfig, process.env);

/** Who may call the API at all: whoever bears an access token of ours. */
export const handler = createAuthorizer(
  accessTokenVerifier({
    issuer: config.KYO_TOKEN_ISSUER,
    audience: config.KYO_TOKEN_AUDIENCE,
    keys: remoteKeys(config.KYO_TOKEN_KEYS_URL),
  }),
);
