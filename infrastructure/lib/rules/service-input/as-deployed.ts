import type { Properties, Resource, Template, Templates } from '../templates.ts';
import type { ServiceResource, Surroundings } from './input-rule.ts';

const account = '123456789012';
/** Stacks that are in this region whatever the stage's is: CloudFront takes certificates and firewalls from there alone. */
const globalStack = 'edge-global';
const globalRegion = 'us-east-1';
const stageRegion = 'ap-northeast-1';

/** Types whose `Ref` is an ARN; that of the others is a name. */
const refersByArn = new Set([
  'AWS::CertificateManager::Certificate',
  'AWS::ECS::Service',
  'AWS::ECS::TaskDefinition',
  'AWS::ElasticLoadBalancingV2::Listener',
  'AWS::ElasticLoadBalancingV2::ListenerRule',
  'AWS::ElasticLoadBalancingV2::LoadBalancer',
  'AWS::ElasticLoadBalancingV2::TargetGroup',
  'AWS::IAM::ManagedPolicy',
  'AWS::SNS::Topic',
  'AWS::SecretsManager::Secret',
  'AWS::StepFunctions::StateMachine',
]);

interface Place {
  stack: string;
  id: string;
}

/** Templates as if they were deployed: every reference is replaced by an id of the form and length that AWS gives. */
export class AsDeployed {
  readonly #templates: Templates;

  constructor(templates: Templates) {
    this.#templates = templates;
  }

  /** Each resource of the type, with what is around it. */
  *of(type: string): Generator<[ServiceResource, Surroundings]> {
    for (const place of this.#places(type)) yield [this.#resource(place), this.#surroundings(place)];
  }

  *#places(type?: string): Generator<Place> {
    for (const [stack, { Resources = {} }] of Object.entries(this.#templates))
      for (const [id, resource] of Object.entries(Resources))
        if (type === undefined || resource.Type === type) yield { stack, id };
  }

  #raw({ stack, id }: Place): Resource | undefined {
    return this.#templates[stack]?.Resources?.[id];
  }

  #resource(place: Place): ServiceResource {
    const { Type = '', Properties } = this.#raw(place) ?? {};
    const properties = this.#resolve(Properties ?? {}, place.stack) as Properties;
    return { type: Type, name: `${place.stack}/${place.id}`, properties };
  }

  #surroundings(judged: Place): Surroundings {
    return {
      region: regionOf(judged.stack),
      all: (type) => [...this.#places(type)].map((place) => this.#resource(place)),
      before: (type) => {
        const earlier = this.#before(judged);
        return [...this.#places(type)]
          .filter(({ stack, id }) => earlier.has(stack) || earlier.has(`${stack}/${id}`))
          .map((place) => this.#resource(place));
      },
      find: (reference) => {
        for (const place of this.#places()) {
          const { Type = '' } = this.#raw(place) ?? {};
          if (reference === nameOf(place) || reference === idOf(place, Type)) return this.#resource(place);
          if (typeof reference === 'string' && reference.replace(/:\*$/, '') === arnOf(place, Type))
            return this.#resource(place);
        }
        return undefined;
      },
    };
  }

  /** What is created earlier: resources of the same stack, and whole stacks. */
  #before(judged: Place): Set<string> {
    const found = new Set<string>();
    const follow = (place: Place) => {
      const raw = this.#raw(place);
      for (const id of [raw?.DependsOn ?? [], referencesIn(raw?.Properties)].flat(2)) {
        const name = `${place.stack}/${id}`;
        if (found.has(name) || !this.#raw({ stack: place.stack, id })) continue;
        found.add(name);
        follow({ stack: place.stack, id });
      }
    };
    follow(judged);
    const followStack = (stack: string) => {
      for (const other of stacksIn(this.#templates[stack])) {
        if (found.has(other)) continue;
        found.add(other);
        followStack(other);
      }
    };
    followStack(judged.stack);
    return found;
  }

  #resolve(value: unknown, stack: string): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#resolve(item, stack));
    if (value === null || typeof value !== 'object') return value;
    const entries = Object.entries(value);
    const [[key, operand] = ['', undefined]] = entries;
    const intrinsic = entries.length === 1 ? this.#intrinsics[key] : undefined;
    if (intrinsic) return intrinsic(operand, stack);
    return Object.fromEntries(entries.map(([name, item]) => [name, this.#resolve(item, stack)]));
  }

  // biome-ignore lint/suspicious/noExplicitAny: each function has operands of its own form.
  readonly #intrinsics: Record<string, (operand: any, stack: string) => unknown> = {
    Ref: (id, stack) => {
      const pseudo = pseudoParameters(stack)[id as string];
      if (pseudo !== undefined) return pseudo;
      return idOf({ stack, id }, this.#raw({ stack, id })?.Type ?? '');
    },
    'Fn::GetAtt': ([id, attribute], stack) => {
      const place = { stack, id };
      const type = this.#raw(place)?.Type ?? '';
      if (attribute === 'Arn') return `${arnOf(place, type)}${type === 'AWS::Logs::LogGroup' ? ':*' : ''}`;
      return attribute.endsWith('Id') ? nameOf(place) : `${nameOf(place)}.${attribute}`;
    },
    'Fn::GetStackOutput': ({ StackName, OutputName }) => {
      const stack = String(StackName).split('-').slice(2).join('-');
      const output = this.#templates[stack]?.Outputs?.[OutputName]?.Value;
      return output === undefined ? `${StackName}.${OutputName}` : this.#resolve(output, stack);
    },
    'Fn::Join': ([separator, parts], stack) => [this.#resolve(parts, stack)].flat().join(separator as string),
    'Fn::Split': ([separator, text], stack) => String(this.#resolve(text, stack)).split(separator as string),
    'Fn::Select': ([index, list], stack) => (this.#resolve(list, stack) as unknown[])[Number(index)] ?? '',
    'Fn::Sub': (operand, stack) => {
      const [text, values = {}] = [operand].flat() as [string, Properties?];
      return text.replaceAll(/\$\{([\w.:]+)\}/g, (_, name: string) => {
        if (name in values) return String(this.#resolve(values[name], stack));
        const [id = '', ...attribute] = name.split('.');
        const reference = attribute.length > 0 ? { 'Fn::GetAtt': [id, attribute.join('.')] } : { Ref: id };
        return String(this.#resolve(reference, stack));
      });
    },
  };
}

const regionOf = (stack: string) => (stack === globalStack ? globalRegion : stageRegion);
const pseudoParameters = (stack: string): Record<string, string | undefined> => ({
  'AWS::AccountId': account,
  'AWS::Region': regionOf(stack),
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::StackName': `kyo-prod-${stack}`,
  'AWS::NoValue': '',
});
/** CloudFormation's form: stack, logical id, twelve characters of its own. */
const nameOf = ({ stack, id }: Place) => `kyo-prod-${stack}-${id}-A1B2C3D4E5F6`;
const arnOf = (place: Place, type: string) =>
  `arn:aws:${type.split('::')[1]?.toLowerCase()}:${regionOf(place.stack)}:${account}:${nameOf(place)}`;
const idOf = (place: Place, type: string) => (refersByArn.has(type) ? arnOf(place, type) : nameOf(place));

function referencesIn(value: unknown): string[] {
  if (value === null || typeof value !== 'object') return [];
  if ('Ref' in value && typeof value.Ref === 'string') return [value.Ref];
  if ('Fn::GetAtt' in value && Array.isArray(value['Fn::GetAtt'])) return [String(value['Fn::GetAtt'][0])];
  return Object.values(value).flatMap(referencesIn);
}

function stacksIn(template: Template | undefined): string[] {
  const names = JSON.stringify(template ?? {}).matchAll(
    /"Fn::GetStackOutput":\{"StackName":"[^-"]+-[^-"]+-([^"]+)"/g,
  );
  return [...new Set([...names].map(([, name = '']) => name))];
}
