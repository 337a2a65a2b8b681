export { LedgerError, type LedgerErrorCode } from './errors.js';
export { compareBytes, concatBytes, equalBytes, fromHex, to0x, toHex, utf8, ZERO_HASH, type Bytes } from './bytes.js';
export { Reader, decodeAll } from './reader.js';
export { Writer } from './writer.js';
