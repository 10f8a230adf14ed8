import { z } from 'zod';
import { pick, type Random } from '../random.ts';

/** What of JSON Schema zod writes for our contracts. */
interface JsonSchema {
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  const?: unknown;
  enum?: unknown[];
  type?: string;
  format?: string;
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  minimum?: number;
}

export interface FuzzedBody {
  content: string | Buffer;
  contentType: string;
}

/** Nearly right bodies for a schema: most are taken apart by what they say, some by how they are written. */
export function bodiesFor(schema: z.ZodType, random: Random): () => FuzzedBody {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  return () => {
    let value = sample(json, json, random);
    for (let changes = Math.floor(random() * 4); changes > 0; changes--) value = changed(value, random);
    const text = JSON.stringify(value) ?? '';
    return {
      content: random() < 0.25 ? miswritten(text, random) : text,
      contentType: random() < 0.97 ? 'application/json' : pick(otherTypes, random),
    };
  };
}

const otherTypes = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'application/json; charset=utf-16',
  'x',
];

/** What strings of our contracts look like, by the names of the fields where the format does not say. */
const plausible: Record<string, string> = {
  to: '+886912345678',
  // Reserved: nobody gets it.
  tenantId: 'www',
  code: '123456',
  requestId: 'bm9ib2R5LWhhcy1hc2tlZC1mb3ItdGhpcw',
  region: 'ap-northeast-1',
  anchor: 'AQIDBA==',
  body: 'Your code is {code}.',
};
const formats: Record<string, string> = {
  uuid: '3f0c9f6e-8a0b-4f6e-9d53-0a3b6f5d2c11',
  'date-time': '2026-11-20T14:05:00Z',
  email: 'somebody@example.com',
};

function sample(schema: JsonSchema, root: JsonSchema, random: Random, name = ''): unknown {
  const named = schema.$ref?.split('/').at(-1);
  if (named !== undefined) return sample(root.$defs?.[named] ?? {}, root, random, name);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return sample(pick(choices, random), root, random, name);
  if ('const' in schema) return schema.const;
  if (schema.enum) return pick(schema.enum, random);
  switch (schema.type) {
    case 'object': {
      const members = Object.entries(schema.properties ?? {}).filter(() => random() < 0.85);
      return Object.fromEntries(members.map(([key, of]) => [key, sample(of, root, random, key)]));
    }
    case 'array':
      return Array.from({ length: Math.floor(random() * 3) }, () =>
        sample(schema.items ?? {}, root, random, name),
      );
    case 'boolean':
      return random() < 0.5;
    case 'integer':
    case 'number':
      return (schema.minimum ?? 0) + Math.floor(random() * 10);
    case 'null':
      return null;
    default:
      return formats[schema.format ?? ''] ?? plausible[name] ?? 'some text';
  }
}

const oddities: unknown[] = [
  ...[null, true, 0, -1, 0.5, 1e308, 2 ** 53 + 2, '', ' ', [], {}, [[]], { length: 1 }],
  ...['\0', 'a\0b', '\ud800', '\u202e\u0007', '＋８８６', '🏋️'.repeat(40), 'x'.repeat(5_000), '%00', '+886'],
  ...[
    "'; DROP TABLE tenants; --",
    '../../etc/passwd',
    '<script>',
    '%{code}',
    '{code}{code}',
    '9'.repeat(400),
  ],
  ...['2026-02-30T25:61:61Z', '0000-01-01T00:00:00Z', 'a@b', 'nobody@xn--a', 'javascript:alert(1)'],
];
const oddNames = ['__proto__', 'constructor', 'toString', '', '\0', 'tenantId', 'role', 'x'.repeat(300)];

/** The value with one place in it changed. */
function changed(value: unknown, random: Random): unknown {
  const isContainer = typeof value === 'object' && value !== null;
  if (!isContainer || random() < 0.1) return random() < 0.2 ? [value] : pick(oddities, random);
  const members = Object.entries(value);
  const [name = 'x', member] = pick(members.length > 0 ? members : [['x', null]], random);
  const choice = random();
  const replaced: [string, unknown] =
    choice < 0.15 ? [pick(oddNames, random), member] : [name, changed(member, random)];
  const others = members.filter(([other]) => other !== name || choice >= 0.85);
  const all = choice >= 0.7 && choice < 0.85 ? others : [...others, replaced];
  // Not by assignment: `__proto__` is a name like any other here.
  return Array.isArray(value) ? all.map(([, item]) => item) : Object.fromEntries(all);
}

const depth = 5_000;
const rewritings: ((text: string, random: Random) => string | Buffer)[] = [
  (text, random) => text.slice(0, Math.floor(random() * text.length)),
  (text, random) => {
    const bytes = Buffer.from(text);
    bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    return bytes;
  },
  (text) => `\ufeff${text}`,
  (text) => text + text,
  (text) => text.replaceAll(':', ':1e999,"":'),
  (text) => text.replaceAll('"', "'"),
  () => '',
  (_, random) => Buffer.from(Array.from({ length: 64 }, () => Math.floor(random() * 256))),
];
/** Long ones are rare, or nothing else would be done. */
const longRewritings: typeof rewritings = [
  () => '['.repeat(depth) + ']'.repeat(depth),
  () => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`,
  () => `{"to":"${'x'.repeat(60_000)}"}`,
  () => `"${'x'.repeat(70_000)}"`,
];

function miswritten(text: string, random: Random): string | Buffer {
  return pick(random() < 0.02 ? longRewritings : rewritings, random)(text, random);
}
