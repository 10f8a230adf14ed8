import type { DocumentRef } from '../../ports.ts';

/**
 * Everything about a document lies in one of 64 partitions, each in one slot of the cluster, so that one script can change it
 * at once and the documents that wait for a snapshot can be found. 64 spread over more shards than we shall ever run; to
 * change the number, let every document be compacted first.
 */
export const partitions = 64;

const tag = (partition: number) => `{collaboration:${partition}}`;

/** Ids are random (UUID, version 4), so their beginning spreads them. */
const partitionOf = ({ documentId }: DocumentRef) => Number.parseInt(documentId.slice(0, 2), 16) % partitions;

const prefixOf = (document: DocumentRef) =>
  `${tag(partitionOf(document))}:${document.tenantId}:${document.documentId}`;

export const keyOf = {
  head: (document: DocumentRef) => `${prefixOf(document)}:head`,
  updates: (document: DocumentRef) => `${prefixOf(document)}:updates`,
  presence: (document: DocumentRef) => `${prefixOf(document)}:presence`,
  turn: (document: DocumentRef) => `${prefixOf(document)}:turn`,
  /** A sharded channel: it is in the slot of the keys. */
  channel: (document: DocumentRef) => prefixOf(document),
  waiting: (document: DocumentRef) => waitingIn(partitionOf(document)),
};

/** Documents with updates that no snapshot has, by the time of the first of them. */
export const waitingIn = (partition: number) => `${tag(partition)}:waiting`;

export const memberOf = ({ tenantId, documentId }: DocumentRef) => `${tenantId}/${documentId}`;

export function documentOf(member: string): DocumentRef {
  const [tenantId = '', documentId = ''] = member.split('/');
  return { tenantId, documentId };
}
