export * from './presence.ts';
export * from './room-channel.ts';
export * from './subscriber.ts';
export * from './turns.ts';
export { newLink as newServerName, redisUpdateLog } from './update-log.ts';
