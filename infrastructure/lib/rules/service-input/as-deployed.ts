import type { Stage } from '../../../config/index.ts';
import { type Properties, type Resource, type Template, type Templates, withoutStage } from '../templates.ts';
import { account, arnOf, type Place, physicalName, refersByArn } from './ids.ts';
import type { ServiceResource, Surroundings } from './input-rule.ts';

/** Stacks that are in this region whatever the stage's is: CloudFront takes what it needs from there, and health checks report there. */
const globalStacks = ['edge-global', 'outside'];
const globalRegion = 'us-east-1';
const stageRegion = 'ap-northeast-1';

export interface DeployedResource extends ServiceResource, Place {
  arn: string;
  region: string;
}

/** Templates as if they were deployed: every reference is replaced by an id of the form and length that AWS gives. */
export class AsDeployed {
  readonly #templates: Templates;
  #references: Map<string, Place> | undefined;
  readonly stage: Stage['name'];

  constructor(templates: Templates) {
    this.#templates = templates;
    // Every stack tags what is in it.
    const [, name] = /"kyo:stage","Value":"(\w+)"/.exec(JSON.stringify(templates)) ?? [];
    this.stage = name as Stage['name'];
  }

  /** Every resource, with the ARN that it would have. */
  resources(): DeployedResource[] {
    return [...this.#places()].map((place) => ({
      ...place,
      ...this.#resource(place),
      arn: this.#arnOf(place),
      region: regionOf(place.stack),
    }));
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
        const place = this.#byReference().get(String(reference).replace(/:\*$/, ''));
        return place && this.#resource(place);
      },
    };
  }

  /** Every resource by its physical id and its ARN. */
  #byReference(): Map<string, Place> {
    this.#references ??= new Map(
      [...this.#places()].flatMap((place) => [
        [this.#nameOf(place), place],
        [this.#arnOf(place), place],
      ]),
    );
    return this.#references;
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
    Ref: (id, stack) => this.#pseudoParameters(stack)[id as string] ?? this.#refOf({ stack, id }),
    'Fn::GetAtt': ([id, attribute], stack) => {
      const place = { stack, id };
      if (attribute === 'Arn')
        return `${this.#arnOf(place)}${this.#typeOf(place) === 'AWS::Logs::LogGroup' ? ':*' : ''}`;
      return attribute.endsWith('Id') ? this.#nameOf(place) : `${this.#nameOf(place)}.${attribute}`;
    },
    'Fn::GetStackOutput': ({ StackName, OutputName }) => {
      const stack = withoutStage(StackName);
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

  #pseudoParameters(stack: string): Record<string, string | undefined> {
    return {
      'AWS::AccountId': account,
      'AWS::Region': regionOf(stack),
      'AWS::Partition': 'aws',
      'AWS::URLSuffix': 'amazonaws.com',
      'AWS::StackName': `kyo-${this.stage}-${stack}`,
      'AWS::NoValue': '',
    };
  }

  #typeOf = (place: Place) => this.#raw(place)?.Type ?? '';
  #nameOf = (place: Place) => physicalName(this.stage, place, this.#typeOf(place));
  #arnOf = (place: Place) => arnOf(this.#typeOf(place), this.#nameOf(place), regionOf(place.stack));
  #refOf = (place: Place) =>
    refersByArn.has(this.#typeOf(place)) ? this.#arnOf(place) : this.#nameOf(place);
}

const regionOf = (stack: string) => (globalStacks.includes(stack) ? globalRegion : stageRegion);

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
