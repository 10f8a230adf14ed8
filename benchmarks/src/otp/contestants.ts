import { join } from 'node:path';
import type { OtpKeys } from '@kyong/otp';
import type { Redis } from 'ioredis';
import type { Answer, Call } from '../http-load.ts';
import { nodeOptionsOfImage, type ServerProcess, startServer } from '../server-process.ts';
import { readCodes } from './codes.ts';
import { addressOf, fixedCode, networkOf } from './people.ts';

/** One service under test: how a code is asked for, and how it is handed in. */
export interface Contestant {
  name: string;
  server: ServerProcess;
  /** Pairs of a round, which takes about half a second. */
  pairsPerRound: number;
  send: (person: number) => Call;
  /** The calls that hand in the codes of these people, whose sends were answered so. */
  verifies: (people: number[], answers: Answer[]) => Promise<Call[]>;
  isSuccess: { send: (answer: Answer) => boolean; verify: (answer: Answer) => boolean };
}

const file = (name: string) => join(import.meta.dirname, `server-${name}.ts`);

export async function startKyo(options: {
  configuration: object;
  logFile: string;
  redis: Redis;
  keys: OtpKeys;
}): Promise<Contestant> {
  return {
    name: 'Kyo',
    server: await startServer({ file: file('kyo'), nodeOptions: nodeOptionsOfImage(), ...options }),
    pairsPerRound: 5_000,
    send: sendToKyo,
    verifies: async (people, answers) => {
      const codes = await readCodes(options.redis, options.keys);
      return people.map((person, index) => {
        const { requestId } = JSON.parse(answers[index]?.body ?? '{}') as { requestId?: string };
        return {
          path: '/api/otp/verify',
          from: networkOf(person),
          body: JSON.stringify({ requestId, code: codes.get(addressOf(person)) }),
        };
      });
    },
    isSuccess: {
      send: ({ status }) => status === 202,
      verify: ({ status, body }) => status === 200 && body.includes('"accessToken":"ey'),
    },
  };
}

/** Kyo's HTTP layer with nothing behind it. */
export async function startHttpLayer(options: { logFile: string }): Promise<Contestant> {
  return {
    name: 'Kyo: HTTP, validation and log alone',
    server: await startServer({
      file: file('http'),
      configuration: {},
      nodeOptions: nodeOptionsOfImage(),
      ...options,
    }),
    pairsPerRound: 5_000,
    send: sendToKyo,
    verifies: async (people) =>
      people.map((person) => ({
        path: '/api/otp/verify',
        from: networkOf(person),
        body: JSON.stringify({ requestId: 'x'.repeat(43), code: fixedCode }),
      })),
    isSuccess: {
      send: ({ status }) => status === 202,
      verify: ({ status }) => status === 200,
    },
  };
}

const sendToKyo = (person: number): Call => ({
  path: '/api/otp/send',
  from: networkOf(person),
  body: JSON.stringify({ channel: 'email', to: addressOf(person), locale: 'en' }),
});

export async function startFloor(options: { configuration: object; logFile: string }): Promise<Contestant> {
  const isSuccess = ({ status, body }: Answer) => status === 200 && body === '{"ok":true}';
  return {
    name: 'floor',
    server: await startServer({ file: file('floor'), ...options }),
    pairsPerRound: 5_000,
    send: (person) => ({
      path: '/send',
      from: networkOf(person),
      body: JSON.stringify({ to: addressOf(person) }),
    }),
    verifies: async (people) =>
      people.map((person) => ({
        path: '/verify',
        from: networkOf(person),
        body: JSON.stringify({ to: addressOf(person), code: fixedCode }),
      })),
    isSuccess: { send: isSuccess, verify: isSuccess },
  };
}

export async function startBetterAuth(
  name: string,
  options: { configuration: object; logFile: string },
): Promise<Contestant> {
  return {
    name,
    server: await startServer({ file: file('better-auth'), ...options }),
    pairsPerRound: 300,
    send: (person) => ({
      path: '/api/auth/email-otp/send-verification-otp',
      from: networkOf(person),
      body: JSON.stringify({ email: addressOf(person), type: 'sign-in' }),
    }),
    verifies: async (people) =>
      people.map((person) => ({
        path: '/api/auth/sign-in/email-otp',
        from: networkOf(person),
        body: JSON.stringify({ email: addressOf(person), otp: fixedCode }),
      })),
    isSuccess: {
      send: ({ status }) => status === 200,
      verify: ({ status, body }) => status === 200 && body.includes('"token":"'),
    },
  };
}
