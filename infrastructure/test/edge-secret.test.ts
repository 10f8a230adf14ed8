import type { CloudFrontClient, DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Statement, WAFV2Client } from '@aws-sdk/client-wafv2';
import { describe, expect, it } from 'vitest';
import { edgeHeader } from '../lib/constructs/names.ts';
import { type EdgeClients, rotateEdgeSecret } from '../lib/edge-secret.ts';

const edge = {
  distributionId: 'E123',
  secretArn: 'arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:edge',
  aclArn: 'arn:aws:wafv2:ap-northeast-1:123456789012:regional/webacl/Acl-1/0a1b',
};
const other = { Name: 'FromTheEdge', Priority: 0, Action: { Allow: {} } };

/** AWS as far as this goes: what the edges may send while a change of CloudFront goes round, and what is let through. */
function createAws(first: string) {
  const aws = {
    kept: first,
    sent: first,
    accepted: [first],
    /** Requests that an edge may have sent and the firewall refused. */
    refused: [] as string[],
    /** Some edges send it still. */
    formerlySent: undefined as string | undefined,
    calls: 0,
    /** The command before which the process dies. */
    cutOffAt: undefined as number | undefined,
  };
  const death = Promise.withResolvers<void>();
  let passwords = 0;
  const check = () =>
    aws.refused.push(
      ...[aws.sent, aws.formerlySent].filter(
        (value): value is string => value !== undefined && !aws.accepted.includes(value),
      ),
    );
  const config = (): DistributionConfig =>
    ({
      Origins: {
        Quantity: 2,
        Items: [
          { Id: 'site', DomainName: 'site' },
          {
            Id: 'api',
            DomainName: 'api',
            CustomHeaders: { Quantity: 1, Items: [{ HeaderName: edgeHeader, HeaderValue: aws.sent }] },
          },
        ],
      },
    }) as unknown as DistributionConfig;
  const searched = ({ ByteMatchStatement, OrStatement }: Statement): string[] =>
    ByteMatchStatement
      ? [Buffer.from(ByteMatchStatement.SearchString ?? []).toString()]
      : (OrStatement?.Statements ?? []).flatMap(searched);
  // biome-ignore lint/suspicious/noExplicitAny: the inputs of every command.
  const commands: Record<string, (input: any) => unknown> = {
    GetRandomPasswordCommand: () => ({ RandomPassword: `secret-${++passwords}` }),
    GetSecretValueCommand: () => ({ SecretString: aws.kept }),
    PutSecretValueCommand: ({ SecretString }) => {
      aws.kept = SecretString;
    },
    GetDistributionConfigCommand: () => ({ ETag: 'v1', DistributionConfig: config() }),
    UpdateDistributionCommand: ({ IfMatch, DistributionConfig }) => {
      expect(IfMatch).toBe('v1');
      aws.formerlySent = aws.sent;
      aws.sent = DistributionConfig.Origins.Items[1].CustomHeaders.Items[0].HeaderValue;
      check();
    },
    GetDistributionCommand: () => {
      aws.formerlySent = undefined;
      return { Distribution: { Status: 'Deployed' } };
    },
    GetWebACLCommand: ({ Name, Id, Scope }) => {
      expect([Name, Id, Scope]).toEqual(['Acl-1', '0a1b', 'REGIONAL']);
      return { LockToken: 'token', WebACL: { DefaultAction: { Block: {} }, Rules: [other] } };
    },
    UpdateWebACLCommand: ({ Rules, DefaultAction, LockToken }) => {
      expect([LockToken, DefaultAction]).toEqual(['token', { Block: {} }]);
      expect(Rules).toHaveLength(1);
      aws.accepted = searched(Rules[0].Statement);
      check();
    },
  };
  const client = {
    config: { requestHandler: {} },
    async send(command: { input: unknown; constructor: { name: string } }) {
      aws.calls += 1;
      if (aws.calls === aws.cutOffAt) {
        death.resolve();
        await new Promise(() => {});
      }
      return commands[command.constructor.name]?.(command.input) ?? {};
    },
  };
  const clients: EdgeClients = {
    cloudFront: client as unknown as CloudFrontClient,
    secretsManager: client as unknown as SecretsManagerClient,
    waf: client as unknown as WAFV2Client,
  };
  return { aws, clients, died: death.promise };
}

describe('the secret between CloudFront and the API', () => {
  it('is another one afterwards, and no request was refused on the way', async () => {
    const { aws, clients } = createAws('first');
    let accepted: string[] = [];
    await rotateEdgeSecret(edge, clients, async () => {
      accepted = aws.accepted;
    });
    expect(accepted).toEqual(['first', 'secret-1']);
    expect(aws).toMatchObject({
      kept: 'secret-1',
      sent: 'secret-1',
      accepted: ['secret-1'],
      refused: [],
    });
  });

  it('goes on wherever a call before was cut off', async () => {
    const { aws: whole, clients: counted } = createAws('first');
    await rotateEdgeSecret(edge, counted, async () => {});
    expect(whole.calls).toBeGreaterThan(8);
    for (let call = 1; call <= whole.calls; call += 1) {
      const { aws, clients, died } = createAws('first');
      aws.cutOffAt = call;
      void rotateEdgeSecret(edge, clients, async () => {});
      await died;
      await rotateEdgeSecret(edge, clients, async () => {});
      expect(aws.refused, `call ${call}`).toEqual([]);
      expect(aws.accepted).toEqual([aws.sent]);
      expect(aws.sent).toBe(aws.kept);
      expect(aws.sent).not.toBe('first');
    }
  });
});
