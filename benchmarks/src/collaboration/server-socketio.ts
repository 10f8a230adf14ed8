// Socket.IO as its documentation shows it: rooms and a relay, nothing checked; with the sharded adapter for two servers.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connectRedis, type RedisConnection } from '@kyong/redis';
import { createShardedAdapter } from '@socket.io/redis-adapter';
import { Server } from 'socket.io';
import { readConfiguration, report } from '../server-under-test.ts';

const { redis } = readConfiguration<{ redis?: RedisConnection }>();
const server = createServer();
const io = new Server(server, { serveClient: false });
if (redis) {
  const publisher = connectRedis(redis, () => {});
  const subscriber = publisher.duplicate([], { redisOptions: {}, shardedSubscribers: true });
  await Promise.all([once(publisher, 'ready'), once(subscriber, 'ready')]);
  io.adapter(createShardedAdapter(publisher, subscriber, { subscriptionMode: 'dynamic' }));
}
io.on('connection', (socket) => {
  socket.on('document:join', async ({ documentId }, acknowledge) => {
    await socket.join(documentId);
    acknowledge({ ok: true });
  });
  for (const event of ['document:update', 'awareness:update'])
    socket.on(event, (payload) => socket.to(payload.documentId).emit(event, payload));
});
server.listen(0, '127.0.0.1', () => report((server.address() as AddressInfo).port));
