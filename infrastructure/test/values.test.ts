import { beforeAll, describe, expect, it } from 'vitest';
import { stageOf } from '../config/index.ts';
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
      messages: { sms: 'aws', email: 'ses', smsOrigination: 'Kyo', emailFrom: 'codes@kyo.example' },
      monitoring: { ...dev.monitoring, alertEmail: 'operator@kyo.example' },
      recovery: { ...dev.recovery, region: 'ap-southeast-1' },
      delivery: { githubSubject: 'repo:studio/kyo:environment:dev' },
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
    expect(records.sort()).toEqual(['A', 'AAAA']);
  });

  it('GitHub ships, from one place only, with no key', () => {
    const trusts = resourcesOf(full, 'AWS::IAM::Role').filter(({ properties }) =>
      JSON.stringify(properties.AssumeRolePolicyDocument).includes('token.actions.githubusercontent.com'),
    );
    expect(trusts).toHaveLength(2);
    for (const { properties } of trusts) {
      expect(properties.AssumeRolePolicyDocument.Statement[0].Condition).toEqual({
        StringEquals: { 'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com' },
        StringLike: { 'token.actions.githubusercontent.com:sub': 'repo:studio/kyo:environment:dev' },
      });
    }
  });

  it('alarms reach a person', () => {
    expect(oneOf(full, 'AWS::SNS::Subscription').properties).toMatchObject({
      Protocol: 'email',
      Endpoint: 'operator@kyo.example',
    });
  });

  it('backups are copied to another region', () => {
    expect(oneOf(full, 'AWS::Backup::BackupVault', ({ stack }) => stack === 'recovery-copies')).toBeDefined();
  });

  it('messages are sent by Amazon, and the service may send them', () => {
    const policies = JSON.stringify(
      resourcesOf(full, 'AWS::IAM::Policy').map(({ properties }) => properties),
    );
    expect(policies).toContain('sms-voice:SendTextMessage');
    expect(policies).toContain('ses:SendEmail');
  });
});

it('says which stages there are', () => {
  expect(() => stageOf('production')).toThrow('-c stage=dev or prod');
  expect(() => stageOf(undefined)).toThrow('-c stage=dev or prod');
});
