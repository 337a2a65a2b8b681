import { equalBytes, fromHex } from '#ledger';

/** First four bytes of Keccak-256 of `Error(string)` and `Panic(uint256)`. */
const ERROR_STRING = fromHex('08c379a0');
const PANIC = fromHex('4e487b71');

/** Solidity's panic codes, in Geth's words (accounts/abi/abi.go). */
const PANIC_REASONS: Record<number, string> = {
  0x00: 'generic panic',
  0x01: 'assert(false)',
  0x11: 'arithmetic underflow or overflow',
  0x12: 'division or modulo by zero',
  0x21: 'enum overflow',
  0x22: 'invalid encoded storage byte array accessed',
  0x31: 'out-of-bounds array access; popping on an empty array',
  0x32: 'out-of-bounds access of an array or bytesN',
  0x41: 'out of memory',
  0x51: 'uninitialized function',
};

/** `execution reverted`, and the reason where the contract gave one that everybody can read. */
export function revertMessage(data: Uint8Array): string {
  const reason = revertReason(data);
  return reason === null ? 'execution reverted' : `execution reverted: ${reason}`;
}

/** The text of Error(string), the meaning of Panic(uint256), or null: custom errors need the contract's ABI. */
export function revertReason(data: Uint8Array): string | null {
  const selector = data.subarray(0, 4);
  const body = data.subarray(4);
  if (equalBytes(selector, PANIC)) {
    const code = body.length === 32 ? wordAt(body, 0) : null;
    if (code === null) return null;
    return PANIC_REASONS[code] ?? `unknown panic code: 0x${code.toString(16)}`;
  }
  if (!equalBytes(selector, ERROR_STRING)) return null;
  const offset = wordAt(body, 0);
  const length = offset === null ? null : wordAt(body, offset);
  if (offset === null || length === null || offset + 32 + length > body.length) return null;
  return new TextDecoder().decode(body.subarray(offset + 32, offset + 32 + length));
}

/** A 32-byte integer that is small enough to be an offset, or null. */
function wordAt(bytes: Uint8Array, at: number): number | null {
  if (at + 32 > bytes.length) return null;
  for (let i = at; i < at + 28; i++) if (bytes[i] !== 0) return null;
  return new DataView(bytes.buffer, bytes.byteOffset + at + 28, 4).getUint32(0);
}
