export { redisCountStore } from './count-store.ts';
export * from './delivery-worker.ts';
export { addReceipt } from './log-queue.ts';
export * from './log-worker.ts';
export * from './outbox.ts';
export * from './store.ts';
