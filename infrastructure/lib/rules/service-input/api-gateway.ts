import type { Properties } from '../templates.ts';
import type { InputRule } from './input-rule.ts';

/** JSON Schema draft 4, as far as API Gateway takes it ("Amazon API Gateway important notes" has what it leaves out). */
const modelKeywords = new Set(
  (
    'id $schema $ref title description default type enum format definitions required properties additionalProperties ' +
    'patternProperties minProperties maxProperties dependencies items additionalItems minItems maxItems uniqueItems ' +
    'pattern minLength maxLength minimum maximum multipleOf allOf anyOf oneOf not'
  ).split(' '),
);
/** Keywords under which names are the schema's own, each with a schema. */
const named = new Set(['definitions', 'properties', 'patternProperties']);

function unknownKeywords(schema: unknown): string[] {
  if (Array.isArray(schema)) return schema.flatMap(unknownKeywords);
  if (schema === null || typeof schema !== 'object') return [];
  return Object.entries(schema).flatMap(([keyword, value]) => {
    if (!modelKeywords.has(keyword)) return [keyword];
    if (keyword === 'enum' || keyword === 'default') return [];
    return named.has(keyword)
      ? Object.values(value as Properties).flatMap(unknownKeywords)
      : unknownKeywords(value);
  });
}

export const apiGatewayInput: InputRule[] = [
  {
    name: 'models of API Gateway are JSON Schema draft 4',
    type: 'AWS::ApiGateway::Model',
    refuses: ({ Schema }) => {
      const unknown = [...new Set(unknownKeywords(Schema))];
      return unknown.length > 0 && invalidModel(`Unsupported keyword(s): ${JSON.stringify(unknown)}`);
    },
    fault: {
      Schema: { type: 'object', properties: { plan: { type: 'string', example: 'basic' } } },
    },
  },
];

const invalidModel = (why: string) =>
  `Invalid model specified: Validation Result: warnings : [], errors : [${why}]`;
