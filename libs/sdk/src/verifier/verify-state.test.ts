import { genesisHash, to0x, verifyStateProof, type Bytes, type GenesisFile, type StateDocument } from '#ledger';
import { mutations } from '../../testing/mutations.js';
import { sampleChain } from '../../testing/sample-chain.js';
import { SampleState } from '../../testing/sample-state.js';
import type { ReceiptFault, VerifiedState } from './result.js';
import { verifyState } from './verify-state.js';

const chain = sampleChain();
const hash = to0x(genesisHash(chain.genesis));
const address = (n: number): Bytes => new Uint8Array(20).fill(n);
const word = (n: number): Bytes => new Uint8Array(32).fill(n, 31);
const CODE_HASH = new Uint8Array(32).fill(0xc0);
const state = new SampleState();
for (let n = 1; n <= 12; n++) state.account(address(n), { nonce: BigInt(n), balance: 10n ** BigInt(n), codeHash: CODE_HASH }).slot(address(n), word(n), word(100 + n));

let file: GenesisFile;
beforeAll(async () => {
  file = await chain.file();
});
const documentOf = (n: number, slots: readonly Bytes[]): StateDocument => JSON.parse(JSON.stringify(state.document(chain, address(n), slots))) as StateDocument;

/** Of the state above: accounts 1 to 12, each with the slot of its own number. */
function isTrue({ address: told, account, storage }: VerifiedState): boolean {
  const n = Array.from({ length: 12 }, (_, i) => i + 1).find((one) => to0x(address(one)) === told);
  const right = n === undefined ? account === null : account !== null && account.nonce === BigInt(n) && account.balance === 10n ** BigInt(n) && account.codeHash === to0x(CODE_HASH);
  return right && storage.every(({ slot, value }) => value === to0x(n !== undefined && slot === to0x(word(n)) ? word(100 + n) : word(0)));
}

describe('a true proof', () => {
  it('says what the state held of an account, of a slot, and that another was never written', () => {
    expect(verifyState(file, documentOf(3, [word(3), word(4)]), { genesisHash: hash })).toMatchObject({
      ok: true, height: 7n, genesisAuthenticated: true, address: to0x(address(3)), account: { nonce: 3n, balance: 1000n, codeHash: to0x(CODE_HASH) },
      storage: [{ slot: to0x(word(3)), value: to0x(word(103)) }, { slot: to0x(word(4)), value: to0x(word(0)) }], certificate: { power: 3n },
    });
  });

  it('says that an account does not exist', () => {
    expect(verifyState(file, documentOf(99, [word(1)]))).toMatchObject({ ok: true, account: null, storage: [{ value: to0x(word(0)) }] });
  });

  it('verifies across a change of validators', async () => {
    const changing = sampleChain('BFT', { changing: true });
    expect(verifyState(await changing.file(), state.document(changing, address(1), []))).toMatchObject({ ok: true, account: { nonce: 1n } });
  });
});

describe('what is no proof is refused', () => {
  it('each change of each byte of each field', async () => {
    const unsigned = await chain.file([]);
    let count = 0;
    for (const mutation of mutations(documentOf(5, [word(5)]))) {
      count += 1;
      const result = verifyState(unsigned, mutation.value);
      // A path may also show that another key holds nothing, which is true: whatever is accepted must be.
      if (result.ok && !isTrue(result)) throw new Error(`a proof changed at ${mutation.where} was accepted, and says what is not so`);
      if (!result.ok && result.message === '') throw new Error(`a refusal at ${mutation.where} does not say what is wrong`);
    }
    expect(count).toBeGreaterThan(3000);
  });

  const other = (): StateDocument => documentOf(6, [word(6)]);
  it.each<[string, () => unknown, ReceiptFault, RegExp]>([
    ['another account’s leaf', () => ({ ...documentOf(5, []), account: other().account }), 'stateNotProven', /the account 0x0505/],
    ['an account that exists as one that does not', () => ({ ...documentOf(5, []), account: { leaf: null, steps: [] } }), 'stateNotProven', /empty tree/],
    ['another slot’s value', () => ({ ...documentOf(5, [word(5)]), storage: [{ slot: to0x(word(5)), path: other().storage[0]?.path }] }), 'stateNotProven', /slot 0x/],
    ['a longer path', () => ({ ...documentOf(5, []), account: { ...documentOf(5, []).account, steps: [...documentOf(5, []).account.steps, { bit: 0, sibling: to0x(word(1)) }] } }), 'stateNotProven', /./],
    ['a receipt', () => chain.receipt(0), 'badProof', /has no address/],
    ['nothing', () => null, 'badProof', /no object/],
    ['a field more', () => ({ ...documentOf(5, []), note: 1 }), 'badProof', /note/],
  ])('%s', (_name, make, code, message) => {
    const result = verifyState(file, make());
    expect(result).toMatchObject({ ok: false, code, message: expect.stringMatching(message) as string });
  });

  it('two proofs of one leaf are one: the tree has no second way to it', () => {
    const proof = state.prove({ kind: 'account', address: address(2) });
    expect(verifyStateProof(state.root, { kind: 'account', address: address(2) }, { ...proof, steps: [...proof.steps].reverse() }).ok).toBe(false);
  });
});
