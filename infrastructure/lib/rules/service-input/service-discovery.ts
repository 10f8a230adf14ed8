import type { InputRule } from './input-rule.ts';
import { listOf } from './values.ts';

const type = 'AWS::ServiceDiscovery::Service';

export const serviceDiscoveryInput: InputRule[] = [
  {
    name: 'names in a namespace without DNS have no records',
    type,
    refuses: ({ DnsConfig, NamespaceId }, { find }) =>
      DnsConfig !== undefined &&
      find(NamespaceId ?? DnsConfig.NamespaceId)?.type === 'AWS::ServiceDiscovery::HttpNamespace' &&
      'DnsConfig cannot be specified for a service in an HTTP namespace.',
    fault: ({ services }) => {
      Object.assign(services?.Resources ?? {}, {
        FaultyNamespace: { Type: 'AWS::ServiceDiscovery::HttpNamespace', Properties: { Name: 'kyo' } },
        Faulty: {
          Type: type,
          Properties: {
            NamespaceId: { 'Fn::GetAtt': ['FaultyNamespace', 'Id'] },
            DnsConfig: { DnsRecords: [{ Type: 'A', TTL: 10 }] },
          },
        },
      });
    },
  },
  {
    name: 'services are found by one kind of record, or by A and AAAA',
    type,
    refuses: ({ DnsConfig }) => {
      const types = listOf(DnsConfig?.DnsRecords).map(({ Type }) => String(Type));
      return (
        types.length > 1 &&
        types.some((each) => each !== 'A' && each !== 'AAAA') &&
        'DnsRecords: CNAME or SRV cannot be combined with other types.'
      );
    },
    fault: { DnsConfig: { DnsRecords: ['A', 'CNAME'].map((Type) => ({ Type, TTL: 10 })) } },
  },
  {
    name: 'services have one health check: of Route 53 or of their own',
    type,
    refuses: ({ HealthCheckConfig, HealthCheckCustomConfig }) =>
      HealthCheckConfig !== undefined &&
      HealthCheckCustomConfig !== undefined &&
      'Specify either HealthCheckConfig or HealthCheckCustomConfig.',
    fault: { HealthCheckConfig: { Type: 'HTTP' }, HealthCheckCustomConfig: { FailureThreshold: 1 } },
  },
];
