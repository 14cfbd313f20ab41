export { redisOnceStore } from './redis-once-store.ts';
export type { RedisOnceStoreOptions } from './redis-once-store.ts';
