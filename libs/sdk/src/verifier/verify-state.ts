import { readStateDocument, to0x, verifyStateProof, ZERO_HASH, type Bytes, type ProofCheck, type StateKey, type StateProof } from '#ledger';
import { answered, verifyCertified } from './certified.js';
import { Refused } from './refused.js';
import type { RefusedReceipt, VerifiedState, VerifyOptions } from './result.js';

/**
 * Verifies offline what the state held of an account and of slots of its storage, or that it held nothing, after a block that a quorum of
 * the chain's validators certified. Never throws.
 * @param genesisFile the parsed genesis file (`/v1/chains/{id}/genesis`).
 * @param proof the parsed document (`stele_getProof`).
 */
export function verifyState(genesisFile: unknown, proof: unknown, options: VerifyOptions = {}): VerifiedState | RefusedReceipt {
  return answered(() => {
    const { document, verified } = verifyCertified(genesisFile, () => readStateDocument(proof), 'badProof', 'proof', options);
    const { address, header } = document;
    const proven = (key: StateKey, path: StateProof, what: string): Extract<ProofCheck, { ok: true }> => {
      const check = verifyStateProof(header.stateRoot, key, path);
      if (!check.ok) throw new Refused('stateNotProven', `${what}: ${check.message}`);
      return check;
    };
    const { account } = proven({ kind: 'account', address }, document.account, `the account ${to0x(address)}`);
    return {
      ...verified,
      address: to0x(address),
      account: account === null ? null : { nonce: account.nonce, balance: account.balance, codeHash: to0x(account.codeHash) },
      storage: document.storage.map(({ slot, proof: path }) => ({ slot: to0x(slot), value: word(proven({ kind: 'storage', address, slot }, path, `slot ${to0x(slot)}`).value) })),
    };
  });
}

const word = (value: Bytes | null): string => to0x(value ?? ZERO_HASH);
