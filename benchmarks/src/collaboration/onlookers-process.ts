// Started by `onlookers.ts`, with its options as JSON.
import { decodeAwareness } from '@kyong/collaboration';
import { clock, type LookOn, type OnlookersMessage, type Seen } from './onlookers.ts';
import { messageKinds } from './payloads.ts';
import { protocols } from './peers.ts';
import { until } from './until.ts';

const { port, protocol, messages, room, token, count } = JSON.parse(process.argv[2] ?? '') as LookOn;
const send = (message: OnlookersMessage, done?: () => void) =>
  process.send?.(message, undefined, undefined, done);

const seen: Seen[] = [];
for (let n = 0; n < count; n++) {
  const peer = await protocols[protocol](port, room, token);
  const counter = messageKinds[messages].counter();
  const { arrivals, moves }: Seen = { arrivals: [], moves: [] };
  seen.push({ arrivals, moves });
  peer.onPayload = (payload) => {
    const at = clock();
    for (const total = counter.take(payload); arrivals.length < total; ) arrivals.push(at);
  };
  peer.onCursor = (payload) => {
    const at = clock();
    for (const [client, { state }] of decodeAwareness(payload)) {
      const { x: move } = JSON.parse(state) as { x: number };
      moves.push({ client, move, at });
    }
  };
}
process.on('message', async (expected: number) => {
  await until(() => seen.every(({ arrivals }) => arrivals.length >= expected), 'Onlookers');
  send(seen, () => process.exit());
});
process.on('disconnect', () => process.exit());
send('looking on');
