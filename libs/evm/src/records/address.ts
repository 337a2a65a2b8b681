import type { Bytes } from '#ledger';

/**
 * The system contract that anchors documents (docs/spec/records.md): whoever may transact puts a record under a 32-byte key, and
 * anybody reads who put what and when. Native, because it is what most chains are for. All it keeps is storage at its address,
 * in the journaled state like any contract's, so that reverts, roots and proofs hold for it.
 */
export const RECORDS_ADDRESS: Bytes = Uint8Array.from(Buffer.from('00000000000000000000000000000000005e1e03', 'hex'));

/** The code at its address since height 0: INVALID. Nobody runs it; Solidity asks that there be some before it calls. */
export const RECORDS_CODE: Bytes = Uint8Array.of(0xfe);

export function isRecords(to: Bytes | null): boolean {
  return to !== null && to[19] === RECORDS_ADDRESS[19] && Buffer.compare(to, RECORDS_ADDRESS) === 0;
}
