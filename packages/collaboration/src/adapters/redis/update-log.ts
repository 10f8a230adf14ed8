import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type ConfirmedWrite, readScript, runScript } from '@kyong/redis';
import type { Cluster } from 'ioredis';
import type { DocumentRef, LogEntry, LogHead, UpdateLog } from '../../ports.ts';
import { documentOf, keyOf, memberOf, partitions, waitingIn } from './keys.ts';
import { updateHeader } from './messages.ts';

export interface UpdateLogOptions {
  redis: Cluster;
  /** Over a client of its own: what waits for a replica holds up what comes behind it on its connection. */
  confirmed: ConfirmedWrite;
  /** This server's name on the channels. */
  server: string;
  now: () => Date;
}

const script = (name: string, keys: number) => readScript(join(import.meta.dirname, `${name}.lua`), keys);
const appendScript = script('append', 3);
const beginScript = script('begin', 2);
const trimScript = script('trim', 3);

/** A log that is all in the snapshot is forgotten after a day without an edit. */
const idleMilliseconds = 24 * 60 * 60 * 1000;

/** Waiting documents that are looked at by one command. */
const pageSize = 200;

export const newLink = () => randomBytes(6).toString('base64url');

/** A Redis stream a document, beside its head; the ids of the stream's entries are their numbers. */
export function redisUpdateLog({ redis, confirmed, server, now }: UpdateLogOptions): UpdateLog {
  const header = updateHeader(server);

  return {
    async read(document, after) {
      const results = await redis
        .multi()
        .hmget(keyOf.head(document), 'seq', 'link', 'from')
        .xrangeBuffer(keyOf.updates(document), `${after + 1}-0`, '+')
        .exec();
      const [head, entries] = (results ?? []).map(([error, reply]) => {
        if (error) throw error;
        return reply;
      }) as [(string | null)[], [Buffer, Buffer[]][]];
      const [seq, link, from] = head ?? [];
      if (!seq || !link) return undefined;
      return { head: { seq: Number(seq), link }, from: Number(from), entries: entries.map(entryOf) };
    },

    begin: (document, { from, seq }) => {
      const head = keyOf.head(document);
      return confirmed(head, async (primary) => {
        const start = [from, seq, newLink(), idleMilliseconds];
        await runScript(primary, beginScript, [head, keyOf.updates(document), ...start]);
      });
    },

    append(document, update) {
      const head = keyOf.head(document);
      return confirmed(head, async (primary) => {
        const link = newLink();
        const reply = await runScript<[number, string] | null>(primary, appendScript, [
          head,
          keyOf.updates(document),
          keyOf.waiting(document),
          asBuffer(update),
          link,
          header,
          keyOf.channel(document),
          memberOf(document),
          now().getTime(),
        ]);
        return reply ? { seq: reply[0], link, previous: reply[1] } : undefined;
      });
    },

    async trim(document, { seq, link }) {
      await runScript(redis, trimScript, [
        keyOf.head(document),
        keyOf.updates(document),
        keyOf.waiting(document),
        seq,
        link,
        memberOf(document),
        now().getTime(),
        idleMilliseconds,
      ]);
    },

    heads: (documents) =>
      Promise.all(
        documents.map(async (document): Promise<LogHead | undefined> => {
          const [seq, link] = await redis.hmget(keyOf.head(document), 'seq', 'link');
          return seq && link ? { seq: Number(seq), link } : undefined;
        }),
      ),

    async forget(document) {
      await redis.del(keyOf.head(document), keyOf.updates(document));
      await redis.zrem(keyOf.waiting(document), memberOf(document));
    },

    async findWaiting(since, limit, except) {
      const found: DocumentRef[] = [];
      for (let partition = 0; partition < partitions && found.length < limit; partition++) {
        for (let offset = 0, isMore = true; isMore && found.length < limit; offset += pageSize) {
          const page = ['LIMIT', offset, pageSize] as const;
          const members = await redis.zrangebyscore(waitingIn(partition), '-inf', since.getTime(), ...page);
          found.push(...members.map(documentOf).filter(({ tenantId }) => !except.has(tenantId)));
          isMore = members.length === pageSize;
        }
      }
      return found.slice(0, limit);
    },

    async findWaitingOf(tenantId) {
      const ofPartition = async (partition: number) => {
        const found: string[] = [];
        let cursor = '0';
        do {
          const match = ['MATCH', memberOf({ tenantId, documentId: '*' }), 'COUNT', pageSize] as const;
          const [next, page] = await redis.zscan(waitingIn(partition), cursor, ...match);
          // Each member is followed by its score.
          found.push(...page.filter((_, index) => index % 2 === 0));
          cursor = next;
        } while (cursor !== '0');
        return found;
      };
      const found = await Promise.all(Array.from({ length: partitions }, (_, each) => ofPartition(each)));
      return found.flat().map(documentOf);
    },
  };
}

function entryOf([id, fields]: [Buffer, Buffer[]]): LogEntry {
  const [, update = Buffer.alloc(0), , link = '', , previous = ''] = fields;
  return {
    seq: Number.parseInt(id.toString('latin1'), 10),
    link: link.toString('latin1'),
    previous: previous.toString('latin1'),
    update,
  };
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
