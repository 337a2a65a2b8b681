import { MerklePatriciaTrie } from '@ethereumjs/mpt';
import { RLP } from '@ethereumjs/rlp';
import { toHex, type Bytes } from '#ledger';
import { EMPTY_CODE_HASH, keccak256 } from '../src/crypto/keccak.js';
import type { Overlay } from '../src/state/overlay.js';
import { bytesOf, type AccountText } from './cases.js';

const newTrie = (): MerklePatriciaTrie => new MerklePatriciaTrie({ useKeyHashing: true, useKeyHashingFunction: keccak256 });

/**
 * Ethereum's own state root (Yellow Paper appendix D) of what an overlay shows: our tree is another one. Whatever can exist is an
 * account of the state before or was written; the same of slots.
 */
export async function standardRoot(overlay: Overlay, pre: Readonly<Record<string, AccountText>>, keepsEmpty: boolean): Promise<string> {
  const addresses = new Set([...Object.keys(pre).map((address) => address.slice(2).toLowerCase()), ...overlay.accounts.keys()]);
  const slotsBefore = new Map(Object.entries(pre).map(([address, { storage }]) => [address.slice(2).toLowerCase(), Object.keys(storage)]));
  const trie = newTrie();
  for (const key of addresses) {
    const address = bytesOf(`0x${key}`);
    const account = overlay.account(address);
    if (account === null) continue;
    const { nonce, balance, codeHash } = account;
    if (!keepsEmpty && nonce === 0n && balance === 0n && toHex(codeHash) === toHex(EMPTY_CODE_HASH)) continue;
    const slots = new Set([...(slotsBefore.get(key) ?? []).map((slot) => slot.slice(2).padStart(64, '0').toLowerCase()), ...(overlay.slots.get(key)?.written.keys() ?? [])]);
    await trie.put(address, RLP.encode([integer(nonce), integer(balance), await storageRoot(overlay, address, slots), codeHash]));
  }
  return `0x${toHex(trie.root())}`;
}

async function storageRoot(overlay: Overlay, address: Bytes, slots: ReadonlySet<string>): Promise<Bytes> {
  const trie = newTrie();
  for (const slot of slots) {
    const key = bytesOf(`0x${slot}`);
    const value = overlay.storage(address, key);
    if (value.length > 0) await trie.put(key, RLP.encode(value));
  }
  return trie.root();
}

function integer(value: bigint): Bytes {
  const text = value === 0n ? '' : value.toString(16);
  return bytesOf(`0x${text.length % 2 === 0 ? '' : '0'}${text}`);
}
