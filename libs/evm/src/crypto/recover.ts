import { ecdsaRecover } from 'secp256k1/bindings';
import { native, SCRATCH, type Bytes } from '#ledger';

/**
 * The key that signed the digest (Yellow Paper, appendix F): the 64 bytes of its uncompressed form after the tag. Null when no key
 * can have.
 * @param signature r and s, 32 bytes each.
 */
export function recoverPublicKey(digest: Bytes, signature: Bytes, parity: number): Bytes | null {
  if (native !== null) {
    native.scratch.set(signature, SCRATCH.signature);
    native.scratch[SCRATCH.parity] = parity;
    return native.recover(digest) ? native.scratch.slice(SCRATCH.key, SCRATCH.key + 64) : null;
  }
  try {
    return ecdsaRecover(signature, parity, digest, false).subarray(1);
  } catch {
    // The binding throws for r, s out of range and for points that are not on the curve: no such signature exists.
    return null;
  }
}
