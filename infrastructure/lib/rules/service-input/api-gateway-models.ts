import type { Properties } from '../templates.ts';
import type { InputRule } from './input-rule.ts';
import { firstDuplicate } from './values.ts';

/** JSON Schema draft 4, as far as API Gateway takes it ("Amazon API Gateway important notes" has what it leaves out). */
const modelKeywords = new Set(
  (
    'id $schema $ref title description default type enum format definitions required properties additionalProperties ' +
    'patternProperties minProperties maxProperties dependencies items additionalItems minItems maxItems uniqueItems ' +
    'pattern minLength maxLength minimum maximum multipleOf allOf anyOf oneOf not'
  ).split(' '),
);
/** Keywords whose value is a table: names of the schema's own, each with a schema. */
const tables = new Set(['definitions', 'properties', 'patternProperties', 'dependencies']);
/** Keywords whose value is no schema. */
const values = new Set(['enum', 'default', 'required']);

function* schemasIn(schema: unknown): Generator<Properties> {
  if (Array.isArray(schema)) for (const item of schema) yield* schemasIn(item);
  if (schema === null || typeof schema !== 'object' || Array.isArray(schema)) return;
  yield schema;
  for (const [keyword, value] of Object.entries(schema)) {
    if (tables.has(keyword)) yield* schemasIn(Object.values(value as Properties));
    else if (!values.has(keyword)) yield* schemasIn(value);
  }
}

const type = 'AWS::ApiGateway::Model';
const invalid = (why: string) =>
  `Invalid model specified: Validation Result: warnings : [], errors : [${why}]`;

export const apiGatewayModelInput: InputRule[] = [
  {
    name: 'models of API Gateway are JSON Schema draft 4',
    type,
    refuses: ({ Schema }) => {
      const unknown = [...schemasIn(Schema)].flatMap((schema) =>
        Object.keys(schema).filter((keyword) => !modelKeywords.has(keyword)),
      );
      return (
        unknown.length > 0 && invalid(`Unsupported keyword(s): ${JSON.stringify([...new Set(unknown)])}`)
      );
    },
    fault: { Schema: { type: 'object', properties: { plan: { type: 'string', example: 'basic' } } } },
  },
  {
    // Of draft 4 itself: both lists have one value at least, and each value once.
    name: 'models of API Gateway have no empty or repeating lists',
    type,
    refuses: ({ Schema }) =>
      [...schemasIn(Schema)]
        .flatMap((schema) => [schema.required, schema.enum])
        .some((list) => Array.isArray(list) && (list.length === 0 || firstDuplicate(list) !== undefined)) &&
      invalid('Invalid model schema specified'),
    fault: { Schema: { type: 'object', required: [] } },
  },
  {
    name: 'models of API Gateway refer to what is in them, or to other models',
    type,
    refuses: ({ Schema }) => {
      const foreign = [...schemasIn(Schema)]
        .map(({ $ref }) => $ref as string | undefined)
        .find((target) => {
          if (target === undefined || target.startsWith('https://apigateway.')) return false;
          const [, name = ''] = /^#\/definitions\/([^/]+)$/.exec(target) ?? [];
          return Schema.definitions?.[name] === undefined;
        });
      return foreign && invalid(`Invalid model schema specified. Unresolved reference ${foreign}`);
    },
    fault: { Schema: { $ref: '#/components/schemas/Plan' } },
  },
  {
    name: 'models of API Gateway are named with letters and digits',
    type,
    refuses: ({ Name }) =>
      Name !== undefined && !/^[A-Za-z0-9]+$/.test(Name) && 'Model name must be alphanumeric',
    fault: { Name: 'provision-tenant' },
  },
];
