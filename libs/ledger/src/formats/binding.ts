import { Writer, type Bytes } from '../encoding/index.js';
import { SIGN_TAGS } from './vote.js';

/** What a node's key says of itself to the chain: whose node it is, and that it saw this block. */
export interface Binding {
  /** The member's id in the Consortium contract. */
  member: number;
  /** The key that signs. */
  publicKey: Bytes;
  /** A block of the chain; to register a key, 0 and the genesis hash. */
  height: bigint;
  blockHash: Bytes;
}

/**
 * What a node signs so that the Consortium contract binds its key, 109 bytes:
 * `tag u8 | genesisHash[32] | member u32 | key[32] | height u64 | blockHash[32]`. The contract builds the same bytes.
 */
export function bindingSignBytes(genesisHash: Bytes, { member, publicKey, height, blockHash }: Binding): Bytes {
  return new Writer().u8(SIGN_TAGS.binding).fixed(genesisHash, 32).u32(member).fixed(publicKey, 32).u64(height).fixed(blockHash, 32).finish();
}
