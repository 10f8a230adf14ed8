import { TestClock } from '@kyong/testing';
import { expect, test, vi } from 'vitest';
import { type AccessEnd, EndedAccess, endedAccessSeconds, maxEndedAccess } from './ended-access.ts';

function create() {
  const clock = new TestClock();
  const ended = new EndedAccess(clock.now);
  ended.known();
  const end = (change: Partial<AccessEnd>): AccessEnd => ({
    ...{ id: 7, userId: 'ann', tenantId: null, sessionId: null, endedAt: clock.now() },
    ...change,
  });
  return { clock, ended, end };
}

test('a token is refused whose signer did not know that the access to its tenant had ended', () => {
  const { ended, end } = create();
  ended.add([end({ tenantId: 'iron-temple' })]);
  const token = { sub: 'ann', tenant: 'iron-temple' };
  expect(ended.hasEnded({ ...token, ends_seen: 6 })).toBe(true);
  expect(ended.hasEnded(token)).toBe(true);
  expect(ended.hasEnded({ ...token, ends_seen: 7 })).toBe(false);
  expect(ended.hasEnded({ ...token, tenant: 'other-gym' })).toBe(false);
  expect(ended.hasEnded({ ...token, sub: 'bob' })).toBe(false);
  expect(ended.hasEnded({ sub: 'ann' })).toBe(false);
});

test('a later end holds, whichever is heard of first', () => {
  const { ended, end } = create();
  ended.add([end({ tenantId: 'iron-temple', id: 9 }), end({ tenantId: 'iron-temple', id: 8 })]);
  expect(ended.hasEnded({ sub: 'ann', tenant: 'iron-temple', ends_seen: 8 })).toBe(true);
});

test('all tokens of a session that ended are refused, whoever listens hears of it', () => {
  const { ended, end } = create();
  const heard = vi.fn();
  ended.onEnd(heard);
  ended.add([end({ sessionId: 'a-session' })]);
  expect(heard).toHaveBeenCalledOnce();
  expect(ended.hasEnded({ sub: 'ann', sid: 'a-session', ends_seen: 99 })).toBe(true);
  expect(ended.hasEnded({ sub: 'ann', sid: 'another', ends_seen: 0 })).toBe(false);
});

test('what has ended is forgotten when its tokens have expired, and not sooner', () => {
  const { clock, ended, end } = create();
  ended.add([end({ sessionId: 'first' })]);
  clock.advance(endedAccessSeconds);
  ended.add([end({ sessionId: 'second' })]);
  expect(ended.hasEnded({ sub: 'ann', sid: 'first' })).toBe(true);
  clock.advance(1);
  ended.add([end({ sessionId: 'third' })]);
  expect(ended.hasEnded({ sub: 'ann', sid: 'first' })).toBe(false);
  expect(ended.hasEnded({ sub: 'ann', sid: 'second' })).toBe(true);
});

test('of more than there is room for the first goes', () => {
  const { ended, end } = create();
  ended.add(Array.from({ length: maxEndedAccess + 1 }, (_, n) => end({ sessionId: `s${n}` })));
  expect(ended.hasEnded({ sub: 'ann', sid: 's0' })).toBe(false);
  expect(ended.hasEnded({ sub: 'ann', sid: 's1' })).toBe(true);
});

test('nobody is let in before it is known what has ended', () => {
  const ended = new EndedAccess(() => new Date());
  expect(() => ended.hasEnded({ sub: 'ann' })).toThrow('not known yet');
});
