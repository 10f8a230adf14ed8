import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { stageOf } from '../config/index.ts';
import { root } from '../lib/code/index.ts';
import { oneOf, resourcesOf, type Templates } from '../lib/rules/templates.ts';
import { templatesOf } from './templates.ts';

/** A stage with everything that the given ones leave out. */
let full: Templates;
beforeAll(async () => {
  const dev = stageOf('dev');
  full = await templatesOf(
    'dev',
    {
      edge: {
        ...dev.edge,
        domain: { name: 'kyo.example', hostedZoneId: 'Z0123456789ABCDEFGHIJ', hostedZoneName: 'kyo.example' },
      },
      monitoring: { ...dev.monitoring, alertEmail: 'operator@kyo.example' },
      recovery: { ...dev.recovery, region: 'ap-southeast-1' },
      github: {
        deploySubject: 'repo:studio/kyo:environment:dev',
        pullRequestSubject: 'repo:studio/kyo:pull_request',
      },
    },
    'full',
  );
});

describe('by a value of the stage', () => {
  it('there is a domain, with its certificate where CloudFront wants it and its records', () => {
    expect(oneOf(full, 'AWS::CertificateManager::Certificate').stack).toBe('edge-global');
    const { DistributionConfig } = oneOf(full, 'AWS::CloudFront::Distribution').properties;
    expect(DistributionConfig).toMatchObject({
      Aliases: ['kyo.example'],
      ViewerCertificate: { MinimumProtocolVersion: 'TLSv1.2_2021' },
    });
    const records = resourcesOf(full, 'AWS::Route53::RecordSet').map(({ properties }) => properties.Type);
    expect(records).toEqual(expect.arrayContaining(['A', 'AAAA']));
  });

  it('e-mail is signed by the domain, returns to it, and its records say so to other servers', () => {
    expect(oneOf(full, 'AWS::SES::EmailIdentity').properties).toMatchObject({
      EmailIdentity: 'kyo.example',
      MailFromAttributes: { MailFromDomain: 'bounce.kyo.example' },
    });
    const records = resourcesOf(full, 'AWS::Route53::RecordSet')
      .filter(({ stack }) => stack === 'messages')
      .map(
        ({ properties: { Type, Name, ResourceRecords } }) =>
          `${Type} ${JSON.stringify(Name)} ${JSON.stringify(ResourceRecords)}`,
      );
    expect(records.filter((record) => record.includes('DkimDNSTokenName'))).toHaveLength(3);
    expect(records).toEqual(
      expect.arrayContaining([
        'MX "bounce.kyo.example." ["10 feedback-smtp.ap-northeast-1.amazonses.com"]',
        expect.stringMatching(/^TXT "bounce.kyo.example." .*v=spf1 include:amazonses.com/),
        expect.stringMatching(/^TXT "_dmarc.kyo.example." .*v=DMARC1/),
      ]),
    );
  });

  it.each([[null], [20]])('executions are reserved for the API: %s', async (reservedConcurrency) => {
    const api = { ...stageOf('dev').api, reservedConcurrency };
    const templates = await templatesOf('dev', { api }, `reserved-${reservedConcurrency}`);
    const reserved = resourcesOf(templates, 'AWS::Lambda::Function').flatMap(
      ({ properties }) => properties.ReservedConcurrentExecutions ?? [],
    );
    expect(reserved).toEqual(reservedConcurrency === null ? [] : [reservedConcurrency]);
  });

  it('GitHub ships, from one place only, with no key', () => {
    const trusts = resourcesOf(full, 'AWS::IAM::Role').filter(({ properties }) =>
      JSON.stringify(properties.AssumeRolePolicyDocument).includes('token.actions.githubusercontent.com'),
    );
    const subjects = trusts.map(({ id, properties }) => {
      const { Condition } = properties.AssumeRolePolicyDocument.Statement[0];
      expect(Condition.StringEquals).toEqual({
        'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com',
      });
      return [
        id.replace(/^Roles|.{8}$/g, ''),
        Condition.StringLike['token.actions.githubusercontent.com:sub'],
      ];
    });
    expect(Object.fromEntries(subjects)).toEqual({
      Build: 'repo:studio/kyo:environment:dev',
      Deploy: 'repo:studio/kyo:environment:dev',
      Diff: 'repo:studio/kyo:pull_request',
    });
  });

  it('GitHub deploys for as long as a first deployment takes', () => {
    const deploy = oneOf(full, 'AWS::IAM::Role', ({ id }) => id.startsWith('RolesDeploy'));
    const workflow = readFileSync(join(root, '.github', 'workflows', 'deploy-service.yml'), 'utf8');
    const [, seconds] = /role-duration-seconds: (\d+)/.exec(workflow) ?? [];
    expect(deploy.properties.MaxSessionDuration).toBe(Number(seconds));
  });

  it('alarms reach a person', () => {
    expect(
      oneOf(full, 'AWS::SNS::Subscription', ({ stack }) => stack === 'monitoring').properties,
    ).toMatchObject({
      Protocol: 'email',
      Endpoint: 'operator@kyo.example',
    });
  });

  it('backups are copied to another region', () => {
    expect(oneOf(full, 'AWS::Backup::BackupVault', ({ stack }) => stack === 'recovery-copies')).toBeDefined();
  });
});

it('refuses a sender that is no address of the domain', async () => {
  const domain = {
    name: 'gym.example',
    hostedZoneId: 'Z0123456789ABCDEFGHIJ',
    hostedZoneName: 'gym.example',
  };
  const synthesis = templatesOf('dev', { edge: { ...stageOf('dev').edge, domain } }, 'foreign-sender');
  await expect(synthesis).rejects.toThrow('codes@kyo.example, which is no address of gym.example');
});

it('says which stages there are', () => {
  expect(() => stageOf('production')).toThrow('-c stage=dev or prod');
  expect(() => stageOf(undefined)).toThrow('-c stage=dev or prod');
});
