/** What a key may sign, and the log that remembers it: the pure half of the module that alone may sign. */
export { crc32c } from './crc32c.js';
export { frameRecord, parseLog, type ReadLog } from './log-format.js';
export { readLog, type Remembered } from './read-log.js';
export { SigningGuard, type Verdict } from './guard.js';
