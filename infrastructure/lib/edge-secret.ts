import {
  type CloudFrontClient,
  GetDistributionConfigCommand,
  UpdateDistributionCommand,
  waitUntilDistributionDeployed,
} from '@aws-sdk/client-cloudfront';
import {
  GetRandomPasswordCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import {
  GetWebACLCommand,
  type Statement,
  UpdateWebACLCommand,
  type WAFV2Client,
} from '@aws-sdk/client-wafv2';
import { edgeHeader } from './constructs/names.ts';

export interface EdgeClients {
  cloudFront: CloudFrontClient;
  secretsManager: SecretsManagerClient;
  waf: WAFV2Client;
}

export interface Edge {
  distributionId: string;
  secretArn: string;
  /** Of the firewall before the API: `arn:aws:wafv2:REGION:ACCOUNT:regional/webacl/NAME/ID`. */
  aclArn: string;
}

/** CloudFront tells all its edges within minutes. */
const deployment = { maxWaitTime: 1800, minDelay: 10, maxDelay: 30 };

/**
 * Gives CloudFront another secret to prove itself by. At each moment the firewall accepts what any edge may be sending, so no
 * request is refused on the way. One that was cut off is gone on with by the next call. The template stays as it is: it names
 * the secret, and its value is what was put here.
 * @param settle waits until a change of the firewall is everywhere.
 */
export async function rotateEdgeSecret(
  edge: Edge,
  clients: EdgeClients,
  settle: () => Promise<void>,
): Promise<void> {
  await deployed(edge, clients);
  const sent = await headerSent(edge, clients);
  const kept = await keptSecret(edge, clients);
  // Different: a call before this one put it there and did not come to its end.
  const next = kept === sent ? await putAnother(edge, clients) : kept;
  await accept([sent, next], edge, clients);
  await settle();
  await send(next, edge, clients);
  await accept([next], edge, clients);
}

async function keptSecret({ secretArn }: Edge, { secretsManager }: EdgeClients): Promise<string> {
  const { SecretString = '' } = await secretsManager.send(new GetSecretValueCommand({ SecretId: secretArn }));
  return SecretString;
}

async function putAnother({ secretArn }: Edge, { secretsManager }: EdgeClients): Promise<string> {
  const wish = { PasswordLength: 48, ExcludePunctuation: true };
  const { RandomPassword = '' } = await secretsManager.send(new GetRandomPasswordCommand(wish));
  const value = { SecretId: secretArn, SecretString: RandomPassword };
  await secretsManager.send(new PutSecretValueCommand(value));
  return RandomPassword;
}

async function distributionOf({ distributionId }: Edge, { cloudFront }: EdgeClients) {
  const found = await cloudFront.send(new GetDistributionConfigCommand({ Id: distributionId }));
  const headers = (found.DistributionConfig?.Origins?.Items ?? []).flatMap(
    ({ CustomHeaders }) => CustomHeaders?.Items ?? [],
  );
  const header = headers.find(({ HeaderName }) => HeaderName?.toLowerCase() === edgeHeader);
  if (!header) throw new Error(`Distribution ${distributionId} sends no header ${edgeHeader}. Deploy first.`);
  return { ...found, header };
}

async function headerSent(edge: Edge, clients: EdgeClients): Promise<string> {
  return (await distributionOf(edge, clients)).header.HeaderValue ?? '';
}

/** Resolves when all edges send it. */
async function send(value: string, edge: Edge, clients: EdgeClients): Promise<void> {
  const { DistributionConfig, ETag, header } = await distributionOf(edge, clients);
  header.HeaderValue = value;
  await clients.cloudFront.send(
    new UpdateDistributionCommand({ Id: edge.distributionId, IfMatch: ETag, DistributionConfig }),
  );
  await deployed(edge, clients);
}

/** All edges send the same. */
async function deployed({ distributionId: Id }: Edge, { cloudFront: client }: EdgeClients): Promise<void> {
  await waitUntilDistributionDeployed({ client, ...deployment }, { Id });
}

/** The firewall lets these values through, and no other. */
async function accept(values: string[], { aclArn }: Edge, { waf }: EdgeClients): Promise<void> {
  const [Name = '', Id = ''] = aclArn.split('/').slice(-2);
  const identity = { Name, Id, Scope: 'REGIONAL' as const };
  const { WebACL, LockToken } = await waf.send(new GetWebACLCommand(identity));
  if (!WebACL) throw new Error(`There is no firewall ${aclArn}. Deploy first.`);
  const { DefaultAction, VisibilityConfig, CustomResponseBodies, Description, Rules = [] } = WebACL;
  const statements = values.map(
    (value): Statement => ({
      ByteMatchStatement: {
        FieldToMatch: { SingleHeader: { Name: edgeHeader } },
        PositionalConstraint: 'EXACTLY',
        SearchString: Buffer.from(value),
        TextTransformations: [{ Priority: 0, Type: 'NONE' }],
      },
    }),
  );
  const [only, another] = statements;
  const Statement = another ? { OrStatement: { Statements: statements } } : only;
  await waf.send(
    new UpdateWebACLCommand({
      ...identity,
      LockToken,
      DefaultAction,
      VisibilityConfig,
      CustomResponseBodies,
      Description,
      Rules: Rules.map((rule) => ({ ...rule, Statement })),
    }),
  );
}
