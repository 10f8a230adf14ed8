import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { inputRules } from '../../lib/rules/service-input/index.ts';
import type { ServiceResource, Surroundings } from '../../lib/rules/service-input/input-rule.ts';
import type { Properties } from '../../lib/rules/templates.ts';

type Question = { region: string } & (
  | { about: 'judge'; type: string; name: string; properties: Properties }
  | { about: 'created'; name: string; references: unknown[] }
  | { about: 'deleted'; reference: unknown }
);
interface Known extends ServiceResource {
  /** Its physical id, then its attributes; none while it is being created. */
  references: unknown[];
}

/** Answers the emulator, for each resource that a stack creates or changes, with what the service would say. */
export async function serveServiceRules(): Promise<{ url: string; close(): void }> {
  const account = new Map<string, Known>();

  function surroundings(judged: Known, region: string): Surroundings {
    const all = (type: string) => [...account.values()].filter((resource) => resource.type === type);
    return {
      region,
      all,
      before: (type) => all(type).filter((resource) => resource !== judged && resource.references.length > 0),
      find: (reference) =>
        [...account.values()].find(({ references }) =>
          references.some(
            (known) => known === reference || (typeof reference === 'string' && reference === `${known}:*`),
          ),
        ),
    };
  }

  function judge({ type, name, properties, region }: Question & { about: 'judge' }): string | null {
    const previous = account.get(name);
    const judged: Known = { type, name, properties, references: previous?.references ?? [] };
    account.set(name, judged);
    for (const rule of inputRules) {
      const refusal = rule.type === type && rule.refuses(properties, surroundings(judged, region));
      if (!refusal) continue;
      if (previous) account.set(name, previous);
      else account.delete(name);
      return refusal;
    }
    return null;
  }

  function answer(question: Question): { refusal?: string | null } {
    if (question.about === 'judge') return { refusal: judge(question) };
    if (question.about === 'created') {
      const known = account.get(question.name);
      if (known) known.references = question.references;
    } else {
      for (const [name, { references }] of account)
        if (references[0] === question.reference) account.delete(name);
    }
    return {};
  }

  const server = createServer(async (request, response) => {
    response.end(JSON.stringify(answer((await json(request)) as Question)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}
