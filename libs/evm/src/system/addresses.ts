import type { Bytes } from '#ledger';

const at = (last: string): Bytes => Uint8Array.from(Buffer.from(`0000000000000000000000000000000000${'5e1e'}${last}`, 'hex'));

/** Beside Records (0x…5e1e03): who rules the chain, who may do what (docs/spec/system-contracts.md). */
export const CONSORTIUM_ADDRESS = at('01');
export const PERMISSIONS_ADDRESS = at('02');
/** The precompile with which Consortium checks what a node's key has signed. */
export const ED25519_ADDRESS = at('10');
