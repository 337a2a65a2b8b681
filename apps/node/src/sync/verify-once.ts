import { equalBytes, type Bytes, type Verify } from '#ledger';

/**
 * A verifier that remembers which signatures hold, by the array that holds them: a block's certificate is checked when it comes,
 * and by the machine when its turn is there. Whoever asks about the same array with another key or message is answered anew.
 * Decoded messages are views that nobody changes.
 */
export function verifyOnce(verify: Verify): Verify {
  const known = new WeakMap<Bytes, { publicKey: Bytes; message: Bytes }>();
  return (publicKey, message, signature) => {
    const before = known.get(signature);
    if (before !== undefined && equalBytes(before.publicKey, publicKey) && equalBytes(before.message, message)) return true;
    const holds = verify(publicKey, message, signature);
    if (holds) known.set(signature, { publicKey, message });
    return holds;
  };
}
