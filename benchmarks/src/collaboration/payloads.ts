import * as Y from 'yjs';

/** A message of about a hundred bytes. */
const charactersPerEdit = 70;

/** What one client sends, message by message. */
export interface Source {
  next(): Uint8Array;
}

/** How many messages a client has, told as they come: whole ones, however the server has put them together. */
export interface Counter {
  take(payload: Uint8Array): number;
}

const relaySource = (): Source => {
  const payload = Buffer.alloc(100, 1);
  return { next: () => payload };
};

const relayCounter = (): Counter => {
  let count = 0;
  return { take: () => ++count };
};

const editSource = (): Source => {
  const doc = new Y.Doc();
  let last: Uint8Array = new Uint8Array();
  doc.on('update', (update: Uint8Array) => {
    last = update;
  });
  const text = doc.getText(`edits ${doc.clientID}`);
  return {
    next() {
      text.insert(text.length, 'x'.repeat(charactersPerEdit));
      return last;
    },
  };
};

const editCounter = (): Counter => {
  const doc = new Y.Doc();
  return {
    take(payload) {
      Y.applyUpdate(doc, payload);
      let characters = 0;
      for (const name of doc.share.keys()) characters += doc.getText(name).length;
      return characters / charactersPerEdit;
    },
  };
};

/** Bytes that a server relays, or edits of a Yjs document. */
export type MessageKind = keyof typeof messageKinds;

export const messageKinds = {
  bytes: { source: relaySource, counter: relayCounter },
  edits: { source: editSource, counter: editCounter },
};
