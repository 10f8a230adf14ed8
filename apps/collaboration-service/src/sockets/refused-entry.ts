import type { ProblemCode, RefusalCode } from '@kyong/contracts';
import { type Logger, logSecurityEvent, Problem, refusalEvent, requestIdOf } from '@kyong/service-kit';
import type { Socket } from 'socket.io';

/** What `connect_error` shows: a code, and nothing of what went wrong inside. */
export type RefusedEntry = Error & { data: { code: RefusalCode } };

export function refusedEntry(code: RefusalCode): RefusedEntry {
  return Object.assign(new Error(code), { data: { code } });
}

export function refusedFor(error: unknown): RefusedEntry {
  const known = error instanceof Problem && (error.code === 'unauthenticated' || error.code === 'forbidden');
  return refusedEntry(known ? (error.code as RefusalCode) : 'unavailable');
}

/** Writes the line for somebody who was not let in, as refused requests have one. */
export function noteRefusedEntry(
  { handshake: { headers, address } }: Pick<Socket, 'handshake'>,
  { data: { code } }: RefusedEntry,
  {
    logger,
    trustedProxies,
    actor,
  }: { logger: Logger; trustedProxies: number; actor?: { userId: string; tenantId: string } | undefined },
): void {
  const reason: ProblemCode | undefined =
    code === 'too_many_sockets' ? 'rate_limited' : code === 'unavailable' ? undefined : (code as ProblemCode);
  const event = reason && refusalEvent(reason);
  if (!event) return;
  const forwarded = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',').filter(Boolean);
  // The nearest last, as each proxy adds who it was asked by.
  const addresses = [address, ...forwarded.map((each) => each.trim()).reverse()];
  logSecurityEvent(logger, {
    ...{ event, outcome: 'refused', reason },
    actor: actor?.userId ?? null,
    tenantId: actor?.tenantId,
    sourceIp: addresses[Math.min(trustedProxies, addresses.length - 1)] ?? null,
    requestId: requestIdOf(headers['x-request-id']),
  });
}
