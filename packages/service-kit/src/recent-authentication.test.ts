import { expect, test } from 'vitest';
import { Problem, problemResponse } from './problem.ts';
import { requireRecentAuthentication } from './recent-authentication.ts';

const now = new Date('2026-01-01T00:00:00Z');
const seconds = now.getTime() / 1000;

test('a sign-in as old as allowed will do', () => {
  expect(() => requireRecentAuthentication({ auth_time: seconds - 300 }, 300, now)).not.toThrow();
});

test.each([
  ['an older one', { auth_time: seconds - 301 }],
  ['none', {}],
])('%s is asked to sign in again, in the words of RFC 9470', (_, principal) => {
  const refuse = () => requireRecentAuthentication(principal, 300, now);
  expect(refuse).toThrow(Problem);
  try {
    refuse();
  } catch (error) {
    const { status, headers, body } = problemResponse(error, 'request-id');
    expect([status, body.code]).toEqual([401, 'insufficient_user_authentication']);
    expect(headers['www-authenticate']).toBe(
      'Bearer error="insufficient_user_authentication", max_age="300"',
    );
  }
});
