import { Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { cloudfrontPrefixList } from './cloudfront-prefix-list.ts';

export const ports = { http: 80, service: 3000, postgres: 5432, redis: 6379 };

/** Those who take part. Whoever wants to be reached or to reach another has to be in one of these. */
const parties = {
  loadBalancer: 'the load balancer of the services',
  services: 'containers of the services',
  functions: 'functions of the control plane',
  databases: 'PostgreSQL servers of the platform and its tenants',
  cache: 'Valkey',
} as const;
type Party = keyof typeof parties;

/** Who may talk to whom, and nothing else. */
const rules: { from: readonly Party[]; to: Party; port: number }[] = [
  // Services call each other by name, and past the load balancer; functions ask them for the keys of tokens.
  { from: ['loadBalancer', 'services', 'functions'], to: 'services', port: ports.service },
  // Databases among themselves: a tenant that changes its server is copied from one to the other.
  { from: ['services', 'functions', 'databases'], to: 'databases', port: ports.postgres },
  { from: ['services'], to: 'cache', port: ports.redis },
];

/** The security groups of everything in the VPC, and the rules between them, in one place. */
export class Firewall extends Construct {
  readonly #groups: Record<Party, ec2.SecurityGroup>;

  constructor(scope: Construct, id: string, { vpc }: { vpc: ec2.IVpc }) {
    super(scope, id);
    const group = (party: Party) =>
      new ec2.SecurityGroup(this, party, {
        vpc,
        description: `Kyo: ${parties[party]}`,
        // The cache answers, and asks nobody; databases ask databases, in subnets without any other way out.
        allowAllOutbound: party !== 'cache',
      });
    this.#groups = Object.fromEntries(
      Object.keys(parties).map((party) => [party, group(party as Party)]),
    ) as Record<Party, ec2.SecurityGroup>;
    for (const { from, to, port } of rules) {
      for (const party of from) {
        this.#groups[to].addIngressRule(this.#groups[party], ec2.Port.tcp(port), `from ${parties[party]}`);
      }
    }
    this.#groups.loadBalancer.addIngressRule(
      ec2.Peer.prefixList(cloudfrontPrefixList(Stack.of(this).region)),
      ec2.Port.tcp(ports.http),
      'from CloudFront, through its interfaces in the VPC',
    );
  }

  /** As others use it: what they do with it adds no rule. */
  groupOf(party: Party, scope: Construct): ec2.ISecurityGroup {
    const id = `${party}SecurityGroup`;
    return (
      (scope.node.tryFindChild(id) as ec2.ISecurityGroup | undefined) ??
      ec2.SecurityGroup.fromSecurityGroupId(scope, id, this.#groups[party].securityGroupId, {
        mutable: false,
      })
    );
  }
}
