import { setTimeout as pause } from 'node:timers/promises';
import { jwks, type ProblemCode, problemDocument } from '@kyong/contracts';
import type { Finding } from './finding.ts';

interface Check {
  name: string;
  path: string;
  init?: RequestInit;
  /** @throws {Error} that says what came instead. */
  expect: (response: Response) => Promise<void>;
}

/** One question for every part, which changes nothing and which only the part itself can answer. */
const checks: Check[] = [
  { name: 'start page', path: '/', expect: (response) => expectStatus(response, 200) },
  {
    name: 'documentation',
    path: '/docs/openapi.json',
    expect: async (response) => {
      await expectStatus(response, 200);
      const { openapi } = (await response.json()) as { openapi?: string };
      if (!openapi?.startsWith('3.1')) throw new Error(`expected OpenAPI 3.1, got ${openapi}`);
    },
  },
  {
    name: 'control plane',
    path: '/tenants',
    expect: (response) => expectProblem(response, 'unauthenticated'),
  },
  {
    name: 'one-time passwords',
    path: '/api/otp/send',
    init: { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' },
    expect: (response) => expectProblem(response, 'malformed_request'),
  },
  {
    name: 'keys of tokens',
    path: '/.well-known/jwks.json',
    expect: async (response) => {
      await expectStatus(response, 200);
      jwks.parse(await response.json());
    },
  },
];

const pauseMilliseconds = 2_000;
const timeoutMilliseconds = 10_000;

/** Asks every part of a platform from outside, as its users reach it; a part that does not answer yet is given some time. */
export function smoke(url: string, { withinSeconds }: { withinSeconds: number }): Promise<Finding[]> {
  const deadline = performance.now() + withinSeconds * 1000;
  return Promise.all(checks.map((check) => persist(url, check, deadline)));
}

async function persist(url: string, check: Check, deadline: number): Promise<Finding> {
  for (;;) {
    const startedAt = performance.now();
    try {
      const signal = AbortSignal.timeout(timeoutMilliseconds);
      await check.expect(await fetch(new URL(check.path, url), { ...check.init, signal }));
      return { check: check.name, ok: true, detail: `${Math.round(performance.now() - startedAt)} ms` };
    } catch (error) {
      if (performance.now() + pauseMilliseconds > deadline)
        return { check: check.name, ok: false, detail: `${check.path}: ${(error as Error).message}` };
      await pause(pauseMilliseconds);
    }
  }
}

async function expectStatus(response: Response, status: number): Promise<void> {
  if (response.status !== status) throw new Error(`expected ${status}, got ${response.status}`);
}

async function expectProblem(response: Response, code: ProblemCode): Promise<void> {
  const problem = problemDocument.safeParse(await response.json());
  const got = problem.data?.code ?? `${response.status} without a problem document`;
  if (got !== code) throw new Error(`expected the problem ${code}, got ${got}`);
}
