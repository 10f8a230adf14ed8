// Started by `cursor-watchers.ts`, with its options as JSON.
import { decodeAwareness } from '@kyong/collaboration';
import { clock, type Sighting, type WatcherMessage, type WatchOptions } from './cursor-watchers.ts';
import { connectSocketIo } from './peers.ts';

const { port, room, token, watchers } = JSON.parse(process.argv[2] ?? '') as WatchOptions;
const send = (message: WatcherMessage, done?: () => void) =>
  process.send?.(message, undefined, undefined, done);

const seen: Sighting[][] = [];
for (let n = 0; n < watchers; n++) {
  const peer = await connectSocketIo(port, room, token);
  const sightings: Sighting[] = [];
  seen.push(sightings);
  peer.onCursor = (payload) => {
    const at = clock();
    for (const [client, { state }] of decodeAwareness(payload)) {
      const { x: move } = JSON.parse(state) as { x: number };
      sightings.push({ client, move, at });
    }
  };
}
process.on('message', () => send(seen, () => process.exit()));
process.on('disconnect', () => process.exit());
send('watching');
