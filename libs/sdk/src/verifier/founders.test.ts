import { hashMessage } from 'viem';
import { founderMessage, fromHex, genesisHash, to0x, toHex } from '#ledger';
import { sampleChain } from '../../testing/sample-chain.js';
import { personalMessageHash, recoverPersonalSigner, verifyFounder, verifyFounders } from './founders.js';

const chain = sampleChain();
const hash = genesisHash(chain.genesis);
const text = founderMessage(hash);
const [acme, globex] = chain.founders as [(typeof chain.founders)[number], (typeof chain.founders)[number]];
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

it('hashes as EIP-191 says: equal to viem, also where characters and bytes differ in number', () => {
  for (const message of ['', 'a', text, 'Müller 石碑']) expect(to0x(personalMessageHash(message))).toBe(hashMessage(message));
});

it('recovers who signed, with v as 27 and 28 or as 0 and 1', async () => {
  const signature = fromHex(await acme.signMessage({ message: text }));
  expect(to0x(recoverPersonalSigner(text, signature) as Uint8Array)).toBe(acme.address.toLowerCase());
  const low = signature.slice();
  low[64] = (low[64] as number) - 27;
  expect(to0x(recoverPersonalSigner(text, low) as Uint8Array)).toBe(acme.address.toLowerCase());
});

it('refuses the other half of s, another v, and what is no signature', async () => {
  const signature = fromHex(await acme.signMessage({ message: text }));
  const s = BigInt(`0x${toHex(signature.subarray(32, 64))}`);
  const high = fromHex(`${toHex(signature.subarray(0, 32))}${(CURVE_ORDER - s).toString(16).padStart(64, '0')}${(signature[64] as number) === 27 ? '1c' : '1b'}`);
  expect(recoverPersonalSigner(text, high)).toBeNull();
  for (const v of [2, 26, 29, 30, 255]) expect(recoverPersonalSigner(text, Uint8Array.of(...signature.subarray(0, 64), v))).toBeNull();
  for (const bytes of [new Uint8Array(65), new Uint8Array(65).fill(255), signature.subarray(1), new Uint8Array(0)]) expect(recoverPersonalSigner(text, bytes)).toBeNull();
});

it('verifyFounder: one signature, by its account, over this hash', async () => {
  const signature = await acme.signMessage({ message: text });
  expect(verifyFounder(hash, { account: acme.address, signature })).toBe(true);
  expect(verifyFounder(to0x(hash), { account: acme.address.toLowerCase(), signature })).toBe(true);
  expect(verifyFounder(hash, { account: globex.address, signature })).toBe(false);
  expect(verifyFounder(new Uint8Array(32), { account: acme.address, signature })).toBe(false);
  expect(verifyFounder(hash, { account: acme.address, signature: '0x' })).toBe(false);
});

describe('verifyFounders', () => {
  it('says who signed', async () => {
    const { founders } = await chain.file([globex]);
    expect(verifyFounders(chain.genesis, hash, founders)).toEqual({
      ok: true,
      founders: [{ name: 'Acme', account: acme.address.toLowerCase(), signed: false }, { name: 'Globex', account: globex.address.toLowerCase(), signed: true }],
    });
  });

  it('refuses a signature under another account, and one by nobody of the chain', async () => {
    const [entry] = (await chain.file([globex])).founders as [{ account: string; signature: string }];
    expect(verifyFounders(chain.genesis, hash, [{ ...entry, account: acme.address }])).toMatchObject({ ok: false, code: 'founderSignature', account: acme.address.toLowerCase() });
    expect(verifyFounders(chain.genesis, hash, [{ ...entry, account: `0x${'12'.repeat(20)}` }])).toMatchObject({ ok: false, code: 'founderUnknown' });
  });

  it('refuses a signature over another genesis', async () => {
    const { founders } = await sampleChain('CFT').file();
    expect(verifyFounders(chain.genesis, hash, founders)).toMatchObject({ ok: false, code: 'founderSignature' });
  });
});
