import { randomUUID } from 'node:crypto';
import { WebSocket } from 'ws';
import { type Fault, mebibyte, smallestTaskMebibytes } from '../fault.ts';
import { pick, type Random } from '../random.ts';
import { work } from './honest-work.ts';
import { enterRawSocket } from './raw-socket.ts';
import { World } from './world.ts';

/** Sent together; whether the server has taken them, it says when it answers the question behind them. */
const batchFrames = 10;
const connections = 8;
const answerMilliseconds = 20_000;

/**
 * Frames that are nearly right, by the million. Only those that reached a server that listened count: all of a batch, when
 * the question behind it is answered; one of it, when the connection was closed for it.
 */
export const fuzzedFrames: Fault = {
  name: 'fuzzed frames',
  run: async (stage) => {
    const { random } = stage;
    const frames = stage.scale === 'full' ? 1_000_000 : 5_000;
    await using world = await World.start(stage, {
      ...{ redis: 'single', servers: 1 },
      limits: { events: { burst: 1e9, perSecond: 1e9 }, joins: { burst: 1e9, perSecond: 1e9 } },
    });
    const [server] = world.servers;
    const token = await world.token('gym-a');
    const honest = await work(world, token, await world.createDocument(token));
    const before = (await server?.rss()) ?? 0;
    const counts = { taken: 0, 'connections closed': 0, unanswered: 0 };
    const details: string[] = [];
    const run = async () => {
      while (counts.taken < frames && server?.isRunning) {
        const socket = await enterRawSocket(world, token).catch(() => undefined);
        while (socket?.readyState === WebSocket.OPEN && counts.taken < frames) {
          const batch = Array.from({ length: batchFrames }, () => fuzzed(random)).flat();
          for (const part of batch) socket.send(part);
          const outcome = await askWhetherTaken(socket);
          if (outcome === 'unanswered') {
            counts.unanswered += 1;
            // A connection that is open and says nothing has stuck on one of these; one that is closing waits for a busy machine.
            const state = socket.readyState === WebSocket.OPEN ? 'open' : 'closing';
            details.push(`unanswered, ${state}: ${batch.map(String).join(' ')}`);
          } else counts.taken += outcome === 'taken' ? batchFrames : 1;
          if (outcome !== 'taken') break;
        }
        counts['connections closed'] += 1;
        socket?.terminate();
      }
    };
    await Promise.all(Array.from({ length: connections }, run));
    const after = Math.round(((await server?.rss()) ?? 0) / mebibyte);
    const { edits, unanswered } = await honest.stop();
    return {
      injected: `${counts.taken.toLocaleString('en')} frames, each a mutation of a valid one`,
      counts: {
        ...counts,
        'server ended': server?.isRunning ? 0 : 1,
        'MiB before': Math.round(before / mebibyte),
        'MiB after': after,
        'honest edits': edits,
        'of them unanswered': unanswered,
      },
      held:
        server?.isRunning === true &&
        after <= smallestTaskMebibytes &&
        counts.unanswered === 0 &&
        unanswered === 0,
      details,
    };
  },
};

function askWhetherTaken(socket: WebSocket): Promise<'taken' | 'closed' | 'unanswered'> {
  return new Promise((resolve) => {
    const end = (outcome: 'taken' | 'closed' | 'unanswered') => {
      clearTimeout(timer);
      socket.off('message', onMessage);
      socket.off('close', onClose);
      resolve(outcome);
    };
    const onMessage = (data: unknown) => {
      if (String(data).startsWith('43777[')) end('taken');
    };
    const onClose = () => end('closed');
    const timer = setTimeout(end, answerMilliseconds, 'unanswered');
    socket.on('message', onMessage).on('close', onClose);
    // To leave what one has not joined changes nothing, and is answered.
    socket.send(`42777["document:leave",{"documentId":"${nowhere}"}]`);
  });
}

const nowhere = randomUUID();

/** Most have to be borne, so that a connection sees many; the others end theirs. */
function fuzzed(random: Random): (string | Uint8Array)[] {
  const choice = random();
  if (choice < 0.6)
    return [`42${id(random)}[${JSON.stringify(mutated('document:join', random))},${json(random)}]`];
  if (choice < 0.75) return [`43${id(random)}[${json(random)}]`];
  if (choice < 0.9) return ['451-["elsewhere",{"_placeholder":true,"num":0}]', bytes(random)];
  if (choice < 0.95) return [`42${id(random)}["document:leave",{"documentId":"${nowhere}"},${json(random)}]`];
  if (choice < 0.985) return [mutated(pick(valid, random), random)];
  return [bytes(random)];
}

const valid = [
  '40',
  '41',
  `420["document:join",{"documentId":"${nowhere}"}]`,
  `451-["document:update",{"documentId":"${nowhere}","update":{"_placeholder":true,"num":0}}]`,
  '43[]',
  '2',
  '3probe',
  '5',
];

const id = (random: Random) => (random() < 0.5 ? '' : `${Math.floor(random() * 700)}`);

const bytes = (random: Random) =>
  Uint8Array.from({ length: Math.floor(random() * 64) }, () => Math.floor(random() * 256));

function json(random: Random): string {
  const values = [
    null,
    true,
    -1,
    1e308,
    '',
    '\ud800',
    [],
    {},
    { toJSON: 1 },
    { _placeholder: 1 },
    '{"__proto__":1}',
  ];
  return JSON.stringify(
    random() < 0.5 ? pick(values, random) : { [mutated('documentId', random)]: random() },
  );
}

/** With one to three characters changed or left out. */
function mutated(from: string, random: Random): string {
  const text = [...from];
  for (let changes = 1 + Math.floor(random() * 3); changes > 0; changes--) {
    const at = Math.floor(random() * text.length);
    if (random() < 0.5) text.splice(at, 1 + Math.floor(random() * 3));
    else text[at] = String.fromCharCode(32 + Math.floor(random() * 95));
  }
  return text.join('');
}
