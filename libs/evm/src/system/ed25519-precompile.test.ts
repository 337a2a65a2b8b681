import { keyPairOf, sign, type Bytes } from '#ledger';
import { openTestChain, type TestChain } from '../../testing/chain.js';
import { touchesCode } from '../execute/touches-code.js';
import { EMPTY_STATE } from '../state/overlay.js';
import { ED25519_ADDRESS } from './addresses.js';

const { publicKey, privateKey } = keyPairOf(new Uint8Array(32).fill(5));
const message = new TextEncoder().encode('Stele');
const input = (key: Bytes, signature: Bytes, text: Bytes): Bytes => Uint8Array.of(...key, ...signature, ...text);
const signature = sign(privateKey, message);
const changed = (bytes: Bytes, at: number): Bytes => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));

describe('the precompile for Ed25519', () => {
  let chain: TestChain;
  beforeAll(async () => void (chain = await openTestChain()));
  afterAll(() => chain.close());
  const ask = (data: Bytes, gasLimit = 100_000n): ReturnType<TestChain['executor']['call']> => chain.executor.call({ to: ED25519_ADDRESS, data, gasLimit });
  const answer = async (data: Bytes): Promise<number> => {
    const result = await ask(data);
    expect([result.ok, result.returnData.length]).toEqual([true, 32]);
    return result.returnData[31] as number;
  };

  test('says whether the key has signed', async () => {
    expect(await answer(input(publicKey, signature, message))).toBe(1);
    expect(await answer(input(publicKey, sign(privateKey, new Uint8Array(0)), new Uint8Array(0)))).toBe(1);
    for (const wrong of [input(changed(publicKey, 0), signature, message), input(publicKey, changed(signature, 40), message), input(publicKey, signature, changed(message, 0)), new Uint8Array(0), publicKey]) expect(await answer(wrong)).toBe(0);
  });

  test('refuses keys that no validator may have, whatever they signed', async () => {
    const identity = Uint8Array.of(1, ...new Uint8Array(31));
    expect(await answer(input(identity, Uint8Array.of(...identity, ...new Uint8Array(32)), message))).toBe(0);
  });

  test('costs 6,000 gas and 12 for each word of the message, and is looked at as code is: on a thread of its own', async () => {
    const [short, long] = [await ask(input(publicKey, signature, message)), await ask(input(publicKey, signature, new Uint8Array(320)))];
    // What the data itself costs is the same for both but for its length.
    expect(short.gasUsed).toBeGreaterThan(27_000n);
    expect(long.gasUsed).toBeGreaterThan(short.gasUsed);
    expect(await ask(input(publicKey, signature, message), 28_000n)).toMatchObject({ ok: false, code: 'outOfGas' });
    expect(touchesCode(EMPTY_STATE, ED25519_ADDRESS)).toBe(true);
  });
});
