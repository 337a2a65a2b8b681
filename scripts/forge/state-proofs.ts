import { rmSync } from 'node:fs';
import { equalBytes, to0x, verifyStateProof, type Bytes, type StateKey, type StateProof } from '#ledger';
import { openTestChain } from '../../libs/evm/testing/chain.js';
import { Prng } from '../../libs/ledger/sim/prng.js';
import { changeBytes, changeList, randomBytes } from './change-bytes.js';
import type { Forgery } from './forgery.js';

const ACCOUNTS = 300;

interface Proven {
  key: StateKey;
  proof: StateProof;
  value: Bytes | null;
}

/** Proofs of what a real state holds, and of what it does not hold, with every part of them altered or exchanged. */
export async function stateForgery(weight: number): Promise<Forgery> {
  const random = new Prng(2);
  const accounts = Array.from({ length: ACCOUNTS }, () => randomBytes(random, 20));
  const strangers = Array.from({ length: ACCOUNTS }, () => randomBytes(random, 20));
  const chain = await openTestChain({ alloc: accounts.map((address, i) => ({ address, balance: BigInt(i + 1), code: i % 7 === 0 ? Uint8Array.of(0x60, i) : new Uint8Array(0) })) });
  const { stateRoot } = chain.store.head();
  const keys: StateKey[] = [
    ...[...accounts, ...strangers].map((address) => ({ kind: 'account' as const, address })),
    ...accounts.map((address) => ({ kind: 'storage' as const, address, slot: randomBytes(random, 32) })),
  ];
  const proven = keys.map((key): Proven => {
    const proof = chain.store.prove(key);
    const check = verifyStateProof(stateRoot, key, proof);
    if (!check.ok) throw new Error('a true proof is refused');
    return { key, proof, value: check.value };
  });
  await chain.close();
  rmSync(chain.folder, { recursive: true });
  const held = new Map(proven.map(({ key, value }) => [nameOf(key), value]));
  return {
    name: 'state proofs',
    weight,
    acceptsTruth: () => proven.every(({ key, proof }, i) => verifyStateProof(stateRoot, key, proof).ok && (proven[i]?.value !== null) === i < ACCOUNTS),
    attempt: (dice) => {
      const own = dice.pick(proven);
      const key = dice.chance(0.2) ? dice.pick(keys) : own.key;
      const proof = key === own.key || dice.chance(0.5) ? changeProof(dice, own.proof, dice.pick(proven).proof) : own.proof;
      const check = verifyStateProof(stateRoot, key, proof);
      if (!check.ok) return 'refused';
      const truth = held.get(nameOf(key)) ?? null;
      // One leaf proves that many keys are absent; a lie is only what the state does not hold.
      if (truth === null ? check.value === null : check.value !== null && equalBytes(check.value, truth)) return 'true';
      return { accepted: `${nameOf(key)}: ${check.value === null ? 'nothing' : to0x(check.value)}` };
    },
  };
}

function nameOf(key: StateKey): string {
  return key.kind === 'account' ? to0x(key.address) : `${to0x(key.address)} ${to0x(key.slot)}`;
}

function changeProof(random: Prng, proof: StateProof, other: StateProof): StateProof {
  const { leaf, steps } = proof;
  switch (random.below(5)) {
    case 0:
      return { leaf: leaf === null ? other.leaf : { ...leaf, keyHash: random.chance(0.3) ? (other.leaf ?? leaf).keyHash : changeBytes(random, leaf.keyHash) }, steps };
    case 1:
      return { leaf: leaf === null ? other.leaf : { ...leaf, value: random.chance(0.3) ? (other.leaf ?? leaf).value : changeBytes(random, leaf.value) }, steps };
    case 2:
      return random.chance(0.5) ? { leaf: null, steps: random.chance(0.5) ? [] : steps } : { leaf: other.leaf, steps };
    case 3:
      return { leaf, steps: random.chance(0.2) ? other.steps : changeList(random, steps, (step) => ({ ...step, sibling: changeBytes(random, step.sibling) }), () => random.pick(other.steps)) };
    default:
      return { leaf, steps: changeList(random, steps, (step) => ({ ...step, bit: random.pick([step.bit + 1, step.bit - 1, random.below(300), -1, step.bit + 0.5]) }), () => ({ bit: random.below(256), sibling: randomBytes(random, 32) })) };
  }
}
