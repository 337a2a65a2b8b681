import { createHash, hash as hashOnce } from 'node:crypto';
import type { Bytes } from '../encoding/index.js';
import { native, SCRATCH } from './native.js';

/** Inputs up to this size are joined first: one call of the one-shot hash costs half of a hash object. */
const SCRATCH_BYTES = 1024;
const scratch = new Uint8Array(SCRATCH_BYTES);

/** SHA-256 (FIPS 180-4) over the parts one after another; 32 bytes. */
export function sha256(...parts: readonly Bytes[]): Bytes {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return native === null ? plain(hashOnce('sha256', only, 'buffer')) : digestOf(only, only.length);
  let length = 0;
  for (const part of parts) length += part.length;
  if (length > SCRATCH_BYTES) {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    return plain(hash.digest());
  }
  let at = 0;
  for (const part of parts) {
    scratch.set(part, at);
    at += part.length;
  }
  return native === null ? plain(hashOnce('sha256', scratch.subarray(0, length), 'buffer')) : digestOf(scratch, length);
}

/** A copy of its own: the native routines' place for results is used again by the next call. */
function digestOf(bytes: Bytes, length: number): Bytes {
  const routines = native as NonNullable<typeof native>;
  routines.sha256(bytes, length);
  return routines.scratch.slice(SCRATCH.hash, SCRATCH.hash + 32);
}

function plain(digest: Buffer): Bytes {
  return new Uint8Array(digest.buffer, digest.byteOffset, digest.length);
}
