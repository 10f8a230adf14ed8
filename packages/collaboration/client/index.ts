export * from '../src/kinds/schedule.ts';
export * from './client.ts';
export * from './document-session.ts';
