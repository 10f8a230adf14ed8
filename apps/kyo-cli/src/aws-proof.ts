import { STSClient } from '@aws-sdk/client-sts';
import { SignatureV4 } from '@smithy/signature-v4';

/** The stage accepts none that is good for longer. */
const goodForSeconds = 60;

/**
 * The query of a signed request for STS' GetCallerIdentity: who sends it learns whose credentials signed it, and nothing else.
 * @param audience what it is for; a proof for another stage is none.
 */
export async function proveIdentity(audience: string): Promise<string> {
  const { config } = new STSClient();
  const region = await config.region();
  // biome-ignore lint/style/noProcessEnv: where the SDK looks, too; it tells nobody what it found.
  const { AWS_ENDPOINT_URL: url = `https://sts.${region}.amazonaws.com` } = process.env;
  const signer = new SignatureV4({
    credentials: config.credentials,
    region,
    service: 'sts',
    sha256: config.sha256,
  });
  const { query = {} } = await signer.presign(
    {
      method: 'GET',
      protocol: new URL(url).protocol,
      hostname: new URL(url).hostname,
      path: '/',
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      headers: { host: new URL(url).host, 'x-kyo-audience': audience },
    },
    { expiresIn: goodForSeconds },
  );
  return new URLSearchParams(query as Record<string, string>).toString();
}
