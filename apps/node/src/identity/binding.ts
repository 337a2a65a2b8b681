import { bindingSignBytes, sign, to0x, type Bytes } from '#ledger';
import type { Identity } from './identity.js';

/** `register` binds the key to a member; `activate` shows that the node lives, and also stands for `rotateNode`. */
export type BindingPurpose = 'register' | 'activate';

/** What Consortium's registerNode, activate and rotateNode take of a node. */
export interface NodeBinding {
  /** 0x hex. */
  publicKey: string;
  /** Of the block that the proof names, decimal; 0 to register. */
  height: string;
  /** The Ed25519 signature, 0x hex. */
  proof: string;
}

/**
 * Has the node's key say whose node it is. Given to the node's operator only: whoever has the proof of a key for his own member id could
 * register the key as his. The signed bytes begin with a tag that no message of consensus has, so that they can never count as a vote.
 * @param block the head; genesis, with height 0, to register.
 */
export function bindNode({ publicKey, privateKey }: Identity, genesisHash: Bytes, member: number, block: { height: bigint; hash: Bytes }): NodeBinding {
  const signature = sign(privateKey, bindingSignBytes(genesisHash, { member, publicKey, height: block.height, blockHash: block.hash }));
  return { publicKey: to0x(publicKey), height: block.height.toString(), proof: to0x(signature) };
}
