import * as Y from 'yjs';
import type { Fault } from '../fault.ts';
import { World } from './world.ts';

/** The moment an edit is acknowledged, its server and the one who made it are gone: only the promise is left. */
export const killsAtTheAnswer: Fault = {
  name: 'server and client end the moment an edit is acknowledged',
  run: async (stage) => {
    await using world = await World.start(stage, { redis: 'single', servers: 1 });
    const rounds = stage.scale === 'full' ? 50 : 3;
    const token = await world.token('gym-a');
    const documentId = await world.createDocument(token);
    let lost = 0;
    for (let n = 0; n < rounds; n++) {
      const socket = await world.socket(token, world.servers[0]?.url);
      await socket.emitWithAck('document:join', { documentId });
      const edit = new Y.Doc();
      edit.getMap('edits').set(`${n}`, true);
      await socket.emitWithAck('document:update', { documentId, update: Y.encodeStateAsUpdate(edit) });
      await world.replaceServer(0, 'SIGKILL');
      socket.disconnect();
      const reader = await world.socket(token, world.servers[0]?.url);
      const { update } = await reader.emitWithAck('document:join', { documentId });
      reader.disconnect();
      const doc = new Y.Doc();
      Y.applyUpdate(doc, new Uint8Array(update));
      if (!doc.getMap('edits').has(`${n}`)) lost += 1;
    }
    return { injected: `${rounds} kills at an answer`, counts: { 'edits lost': lost }, held: lost === 0 };
  },
};
