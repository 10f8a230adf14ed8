import { each, type Rule } from './rule.ts';
import { containersOf, oneOf, type Properties, resourcesOf, type Templates } from './templates.ts';

const ingress = (templates: Templates) => resourcesOf(templates, 'AWS::EC2::SecurityGroupIngress');
/** What CloudFront's list counts as, and the most there may be (Amazon VPC User Guide: quotas, AWS-managed prefix lists). */
const rulesOfList = 55;
const mostRules = 60;

/** Where services answer, as `host:port`. */
function namesIn(templates: Templates): Set<string> {
  const [namespace] = resourcesOf(templates, 'AWS::ServiceDiscovery::PrivateDnsNamespace');
  return new Set(
    resourcesOf(templates, 'AWS::ServiceDiscovery::Service').map(
      ({ properties }) => `${properties.Name}.${namespace?.properties.Name}:3000`,
    ),
  );
}

/** Addresses of the world outside: the platform's own, which people are shown, and those of providers. */
const outward = /^KYO_(PUBLIC|WEBHOOK|MITAKE|REDIS|MASTER_DATABASE)_URL$/;
interface Call {
  where: string;
  name: string;
  value: unknown;
  set(value: unknown): void;
}

/** The variables of containers and functions that say where to call. */
function calls(templates: Templates): Call[] {
  const ofContainers = containersOf(templates).flatMap(({ Name, Environment = [] }) =>
    (Environment as Properties[]).map((variable) => ({
      where: String(Name),
      name: String(variable.Name),
      value: variable.Value as unknown,
      set: (value: unknown) => {
        variable.Value = value;
      },
    })),
  );
  const ofFunctions = resourcesOf(templates, 'AWS::Lambda::Function').flatMap(({ id, properties }) => {
    const variables = (properties.Environment?.Variables ?? {}) as Properties;
    return Object.entries(variables).map(([name, value]) => ({
      where: id,
      name,
      value: value as unknown,
      set: (changed: unknown) => {
        variables[name] = changed;
      },
    }));
  });
  return [...ofContainers, ...ofFunctions].filter(({ name }) => name.endsWith('_URL') && !outward.test(name));
}

export const serviceCallRules: Rule[] = [
  {
    name: 'services call each other by a name of the VPC that is there, and by no public address',
    findings: (templates) => {
      const names = namesIn(templates);
      return each(calls(templates), ({ where, name, value }) => {
        const host = typeof value === 'string' && URL.canParse(value) ? new URL(value).host : undefined;
        return !(host && names.has(host)) && `${where}: ${name} leads to ${JSON.stringify(value)}`;
      });
    },
    reintroduce: (templates) => {
      const [call] = calls(templates);
      call?.set({
        'Fn::Join': [
          '',
          ['https://', { 'Fn::GetAtt': ['Distribution', 'DomainName'] }, '/.well-known/jwks.json'],
        ],
      });
    },
  },
  {
    name: 'services are reached at the port that their names are called at',
    findings: (templates) =>
      ['services', 'functions', 'loadBalancer'].flatMap((from) =>
        ingress(templates).some(
          ({ id, properties }) =>
            id.startsWith('Firewallservicesfrom') &&
            id.includes(`Firewall${from}`) &&
            properties.FromPort === 3000,
        )
          ? []
          : [`services: not reached by ${from}`],
      ),
    reintroduce: (templates) => {
      for (const { properties } of ingress(templates))
        if (properties.FromPort === 3000) properties.FromPort = 80;
    },
  },
  {
    name: 'the load balancer admits CloudFront by its list of addresses, and has room for it',
    findings: (templates) => {
      const admitted = ingress(templates).filter(({ id }) => id.startsWith('FirewallloadBalancer'));
      const lists = admitted.filter(({ properties }) => properties.SourcePrefixListId);
      const ranges = resourcesOf(templates, 'AWS::EC2::SecurityGroup').filter(
        ({ id, properties }) => id.includes('loadBalancer') && properties.SecurityGroupIngress?.length,
      );
      const count = lists.length * rulesOfList + admitted.length - lists.length;
      return [
        ...(lists.length === 1 ? [] : [`${lists.length} lists`]),
        ...(count <= mostRules ? [] : [`${count} rules`]),
        ...each(ranges, ({ id, properties }) => `${id}: ${JSON.stringify(properties.SecurityGroupIngress)}`),
      ];
    },
    reintroduce: (templates) => {
      oneOf(templates, 'AWS::EC2::SecurityGroup', ({ id }) =>
        id.includes('loadBalancer'),
      ).properties.SecurityGroupIngress = [
        { CidrIp: '10.30.0.0/16', FromPort: 80, ToPort: 80, IpProtocol: 'tcp' },
      ];
    },
  },
];
