/** The groups of the API, in the order in which somebody new meets them, and what each is for. */
export const tags = {
  'One-time passwords': 'A code by SMS or e-mail, and tokens for it: how everybody signs in.',
  Sessions: 'Refresh tokens, see and end sessions, and say who may enter a gym and as what.',
  Tenants: 'A gym with a database of its own: provision it, and what operators change of it.',
  Operations: 'What takes longer than a request, step by step, as far as it is.',
  Collaboration:
    'Documents that several people edit at once. The edits go over Socket.IO; roles, versions and comments are here.',
  'Codes of a gym': 'For owners and managers: settings, wording and log of the codes that their gym sends.',
  Fleet: 'For operators: all tenants at once, their schema, and what there is room for.',
  Audit: 'For operators: who asked for what, what was refused included.',
  'Delivery receipts': 'Called by the providers that carry our messages, and by nobody else.',
  Health: 'Whether the platform is ready.',
  Laptop: 'On a laptop alone: what stands in for the phone.',
} as const;
export type Tag = keyof typeof tags;
