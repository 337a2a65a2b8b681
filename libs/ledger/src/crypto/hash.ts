import { createHash } from 'node:crypto';
import type { Bytes } from '../encoding/index.js';

/** SHA-256 (FIPS 180-4) over the parts one after another; 32 bytes. */
export function sha256(...parts: readonly Bytes[]): Bytes {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  const digest = hash.digest();
  return new Uint8Array(digest.buffer, digest.byteOffset, digest.length);
}
