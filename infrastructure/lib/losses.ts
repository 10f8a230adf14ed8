import { fullDiff, ResourceImpact } from '@aws-cdk/cloudformation-diff';
import { type Properties, type Template, type Templates, withoutStage } from './rules/templates.ts';

/** What holds what a person would miss. */
const holdsData = new Set([
  'AWS::Backup::BackupVault',
  'AWS::Cognito::UserPool',
  'AWS::DynamoDB::Table',
  'AWS::ECR::Repository',
  'AWS::EFS::FileSystem',
  'AWS::ElastiCache::ReplicationGroup',
  'AWS::KMS::Key',
  'AWS::RDS::DBCluster',
  'AWS::RDS::DBInstance',
  'AWS::S3::Bucket',
  'AWS::SecretsManager::Secret',
]);

/** Something that holds data and would not be the same afterwards. */
export interface Loss {
  stack: string;
  logicalId: string;
  type: string;
  /** What happens to it, and by which property. */
  what: string;
}

/**
 * What a deployment of these templates over those would take away or put something empty in the place of. All stacks are
 * looked at as one template, so that what is replaced because something in another stack is replaced is among it; a change
 * set of one stack would not know.
 */
export function lossesOf(before: Templates, after: Templates): Loss[] {
  const { resources } = fullDiff(oneTemplate(before), oneTemplate(after));
  const losses: Loss[] = [];
  resources.forEachDifference((id, change) => {
    const { oldResourceType: type = '', oldValue, changeImpact } = change;
    if (oldValue === undefined || !holdsData.has(type)) return;
    const causes = Object.entries(change.propertyUpdates)
      .filter(([, { changeImpact: impact }]) => impact !== undefined && replacing.has(impact))
      .map(([property]) => property);
    const what = describe(changeImpact, causes, oldValue.DeletionPolicy, oldValue.UpdateReplacePolicy);
    if (what === undefined) return;
    const [stack = '', logicalId = ''] = id.split(separator);
    losses.push({ stack, logicalId, type, what });
  });
  return losses;
}

const replacing = new Set([ResourceImpact.WILL_REPLACE, ResourceImpact.MAY_REPLACE]);

function describe(
  impact: ResourceImpact,
  causes: string[],
  deletionPolicy = 'Delete',
  replacePolicy = 'Delete',
): string | undefined {
  const fate = (policy: string) =>
    ({ Retain: 'the old one stays, and nothing uses it', Snapshot: 'a snapshot of it stays' })[policy] ??
    'it is deleted with what is in it';
  const by = causes.length > 0 ? ` (${causes.join(', ')})` : '';
  switch (impact) {
    case ResourceImpact.WILL_REPLACE:
      return `is replaced by an empty one${by}: ${fate(replacePolicy)}`;
    case ResourceImpact.MAY_REPLACE:
      return `may be replaced by an empty one${by}: ${fate(replacePolicy)}`;
    case ResourceImpact.WILL_DESTROY:
    case ResourceImpact.WILL_ORPHAN:
      return `is taken away: ${fate(deletionPolicy)}`;
    default:
      return undefined;
  }
}

/** In no logical id. */
const separator = '/';

/** Resources of every stack, named by stack and id, with references between stacks as references within it. */
function oneTemplate(templates: Templates): Template {
  const resources = Object.entries(templates).flatMap(([stack, { Resources }]) =>
    Object.entries(Resources).map(
      ([id, resource]) => [`${stack}${separator}${id}`, rename(resource, stack, templates)] as const,
    ),
  );
  return { Resources: Object.fromEntries(resources) as Template['Resources'] };
}

function rename(node: unknown, stack: string, templates: Templates): unknown {
  if (Array.isArray(node)) return node.map((item) => rename(item, stack, templates));
  if (node === null || typeof node !== 'object') return node;
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::GetStackOutput': output } = node as Properties;
  if (typeof Ref === 'string' && templates[stack]?.Resources[Ref])
    return { Ref: `${stack}${separator}${Ref}` };
  if (Array.isArray(attribute))
    return { 'Fn::GetAtt': [`${stack}${separator}${attribute[0]}`, ...attribute.slice(1)] };
  if (output) {
    const producer = withoutStage(output.StackName);
    const value = templates[producer]?.Outputs?.[output.OutputName]?.Value;
    if (value !== undefined) return rename(value, producer, templates);
  }
  return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, rename(item, stack, templates)]));
}
