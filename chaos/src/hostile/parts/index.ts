import type { HostilePart } from '../part.ts';
import { malformedBodies, unboundedText, unknownTokens } from './anonymous.ts';
import { expensiveRequests, versions } from './api.ts';
import {
  codesIntoABlock,
  codesToNobody,
  codesToTheVictims,
  impersonation,
  sharedAddress,
  unsendableMessages,
} from './codes.ts';
import { idleConnections, slowBodies } from './connections.ts';
import { manySockets, pastes, refusedEdits, syncs } from './documents.ts';

/** Each is a way to harm a gym that others have found, or that we have. */
export const hostileParts: readonly HostilePart[] = [
  unboundedText,
  malformedBodies,
  unknownTokens,
  slowBodies,
  idleConnections,
  codesIntoABlock,
  codesToNobody,
  codesToTheVictims,
  sharedAddress,
  unsendableMessages,
  impersonation,
  syncs,
  refusedEdits,
  pastes,
  manySockets,
  versions,
  expensiveRequests,
];
