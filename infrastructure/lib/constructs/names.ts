import type { Stage } from '../../config/index.ts';

/** What the names of the tenants' secrets begin with. */
export function secretsPrefixOf({ name }: Stage): string {
  return `kyo/${name}/`;
}

/** Where the platform's own metrics are: stages may share an account, and then count by themselves. */
export function metricsNamespaceOf({ name }: Stage): string {
  return `Kyo/${name}`;
}

/** Who signs access tokens, and for whom. The issuer is a name: nobody fetches it. */
export function tokensOf({ name, edge }: Stage): { KYO_TOKEN_ISSUER: string; KYO_TOKEN_AUDIENCE: string } {
  return {
    KYO_TOKEN_ISSUER: edge.domain ? `https://${edge.domain.name}` : `https://kyo.invalid/${name}`,
    KYO_TOKEN_AUDIENCE: 'kyo',
  };
}

/** Under which services find each other inside the VPC; `.internal` is never a name of the internet (ICANN, 2024). */
export function namespaceOf({ name }: Stage): string {
  return `kyo-${name}.internal`;
}

/** The parameter whose versions are the stage's releases. */
export function releaseParameterOf({ name }: Stage): string {
  return `/kyo/${name}/release`;
}

/** Every region that a stage has stacks in: its own, CloudFront's, and that of the copies of its backups. */
export function regionsOf({ region, recovery }: Stage): string[] {
  return [...new Set([region, edgeRegion, ...(recovery.region ? [recovery.region] : [])])];
}

/** Where CloudFront takes its firewall and certificates from. */
export const edgeRegion = 'us-east-1';

/** The header by which CloudFront proves itself to the API. */
export const edgeHeader = 'x-kyo-edge';

/** The managed policy that bounds every role of a stage, those that deploy it among them. */
export const fenceNameOf = ({ name }: Pick<Stage, 'name'>) => `kyo-${name}-fence`;

/** CDK's roles, buckets and repositories are a stage's own: by this, which is in their names. */
export const qualifierOf = ({ name }: Pick<Stage, 'name'>) => `kyo${name}`;

/** The stack, in each region, of what CDK deploys a stage with. */
export const toolkitStackOf = (stage: Pick<Stage, 'name'>) => `CDKToolkit-${qualifierOf(stage)}`;

/** Says which version of that a region has. */
export const bootstrapVersionParameterOf = (stage: Stage) => `/cdk-bootstrap/${qualifierOf(stage)}/version`;
