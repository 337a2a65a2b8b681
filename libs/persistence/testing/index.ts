/** For tests of any part: import this file by its relative path (`libs/persistence/testing/index.js`). */
export { startTestStores, type TestDatabase, type TestStores } from './stores.js';
export { startTestRedis, type TestRedis } from './redis.js';
export { randomAccount, seedChain, seedDataCenter, seedPlatformAdmin, seedTenant } from './seed.js';
