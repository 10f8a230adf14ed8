import { z } from 'zod';
import type { OperatorIdentities } from '../operators.ts';

export interface AwsIdentitiesOptions {
  /** AWS STS of the stage's region: `https://sts.ap-northeast-1.amazonaws.com`. */
  url: string;
  /** What a proof has to be made for: one for another stage is none. */
  audience: string;
  /** ARNs of operators; one that ends in `*` stands for all that begin so. */
  operators: readonly string[];
}

/** The header that binds a proof to its audience; it is among what is signed. */
export const audienceHeader = 'x-kyo-audience';
/** A proof is used at once. */
const longestSeconds = 60;
const timeoutMilliseconds = 5_000;

/** The query of a request that asks nothing but who signed it (STS, GetCallerIdentity; SigV4, "Add the signature to the query string"). */
const signedQuestion = z.strictObject({
  Action: z.literal('GetCallerIdentity'),
  Version: z.literal('2011-06-15'),
  'X-Amz-Algorithm': z.literal('AWS4-HMAC-SHA256'),
  'X-Amz-Credential': z.string(),
  'X-Amz-Date': z.string(),
  'X-Amz-Expires': z.coerce.number().int().min(1).max(longestSeconds),
  'X-Amz-SignedHeaders': z.literal(`host;${audienceHeader}`),
  'X-Amz-Signature': z.string(),
  'X-Amz-Security-Token': z.string().optional(),
});

/**
 * Asks AWS who signed a request, by sending it there: who can sign in the name of an identity has its credentials, and they stay
 * where they are. The address is ours; a proof is the query alone, so it leads nowhere else.
 */
export function awsIdentities({ url, audience, operators }: AwsIdentitiesOptions): OperatorIdentities {
  return {
    async identify(proof) {
      const query = new URLSearchParams(proof);
      const entries = [...query];
      const isQuestion = signedQuestion.safeParse(Object.fromEntries(entries)).success;
      if (!isQuestion || new Set(query.keys()).size !== entries.length) return undefined;
      const question = new URL(url);
      question.search = query.toString();
      const response = await fetch(question, {
        headers: { [audienceHeader]: audience },
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMilliseconds),
      });
      // The signature is wrong, too old, or that of nobody.
      if (response.status >= 400 && response.status < 500) return undefined;
      if (!response.ok) throw new Error(`STS answered ${response.status}.`);
      const [, rest = ''] = (await response.text()).split('<Arn>', 2);
      const [arn = ''] = rest.split('</Arn>', 1);
      return operators.some((pattern) => matches(pattern, arn)) ? arn : undefined;
    },
  };
}

const matches = (pattern: string, arn: string) =>
  pattern.endsWith('*') ? arn.startsWith(pattern.slice(0, -1)) : arn === pattern;
