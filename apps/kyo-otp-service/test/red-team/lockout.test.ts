// Attacks that lock a person out, and what the way around them opens.
import { defaultPolicy } from '@kyong/otp';
import { expect, test } from 'vitest';
import { problemOf } from '../harness.ts';
import { createTarget, useOwnRedis, wrong } from './target.ts';

useOwnRedis();

const { attempts, reserve } = defaultPolicy;
const victim = 'victim@example.com';
const home = '2001:db8:1:2::7';
/** In the same /64. */
const homeToo = '2001:db8:1:2:aaaa::1';

type Target = Awaited<ReturnType<typeof createTarget>>;

async function signIn({ send, verify, readCode, clock }: Target, ip: string): Promise<void> {
  const { requestId, code } = await readCode(victim, await send(victim, { ip }));
  expect((await verify(requestId, code, ip)).statusCode).toBe(200);
  clock.advance(600);
}

/** Guesses at one code, each from an address of its own. @returns how many were evaluated. */
async function guess({ verify }: Target, requestId: string, code: string, ips: string[]): Promise<number> {
  const answers = await Promise.all(ips.map((ip) => verify(requestId, wrong(code), ip)));
  return answers.filter((answer) => problemOf(answer)[1] === 'otp_incorrect').length;
}

const times = <T>(count: number, value: () => T) => Array.from({ length: count }, value);

test('victim lockout: whoever uses up the attempts and the sends keeps nobody from signing in at home', async () => {
  const target = await createTarget();
  const { send, verify, freshIp, readCode, clock } = target;
  await signIn(target, home);

  // A botnet asks for codes until no more are sent, and guesses at the last one.
  let last = { requestId: '', code: '' };
  for (let n = 0; n < 4; n++) {
    last = await readCode(victim, await send(victim, { ip: freshIp() }));
    clock.advance(300);
  }
  expect(problemOf(await send(victim, { ip: freshIp() }))).toEqual([429, 'otp_send_limit']);
  // The last one is still good for a second.
  clock.advance(-1);
  expect(await guess(target, last.requestId, last.code, times(100, freshIp))).toBe(attempts.count);

  const { requestId, code } = await readCode(victim, await send(victim, { ip: home }));
  expect(problemOf(await verify(requestId, code, freshIp()))).toEqual([429, 'otp_attempts_exhausted']);
  expect((await verify(requestId, code, homeToo)).statusCode).toBe(200);
});

test('brute force of the reserve: from everywhere and from home, over resends, no more than was promised', async () => {
  const target = await createTarget();
  const { send, freshIp, readCode, clock } = target;
  const homes = [home, '198.51.100.7', '198.51.100.8', '198.51.100.9'];
  for (const ip of homes) await signIn(target, ip);
  clock.advance(3_600);
  let evaluated = 0;
  for (let resend = 0; resend < 5; resend++) {
    const { requestId, code } = await readCode(victim, await send(victim, { ip: freshIp() }));
    evaluated += await guess(target, requestId, code, [
      ...times(30, freshIp),
      ...homes.flatMap((ip) => times(10, () => ip)),
    ]);
    clock.advance(300);
  }
  expect(evaluated).toBe(attempts.count + reserve.networks * reserve.attempts);
});

test('a home that is only claimed is none: in a header, or by asking for a code there', async () => {
  const target = await createTarget();
  const { send, verify, freshIp, readCode } = target;
  await signIn(target, home);
  const attacker = freshIp();
  const { requestId, code } = await readCode(victim, await send(victim, { ip: attacker }));
  await guess(target, requestId, code, times(20, freshIp));
  for (const ip of [`${home}, ${attacker}`, attacker, '2001:db8:1:3::7'])
    expect(problemOf(await verify(requestId, code, ip))).toEqual([429, 'otp_attempts_exhausted']);
});
