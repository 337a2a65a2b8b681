import { GENESIS, GENESIS_HASH, KEYS } from '../../testing/samples.js';
import type { KeyPair } from '../crypto/ed25519.js';
import { fromHex, LedgerError, to0x, toHex, Writer } from '../encoding/index.js';
import { genesisFromJson, genesisToJson, type GenesisFile } from './genesis-file.js';
import { decodeGenesis, encodeGenesis, founderMessage, genesisHash, type Genesis } from './genesis.js';

const code = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof LedgerError) return error.code;
    throw error;
  }
  return 'accepted';
};
const member = GENESIS.members[0] as Genesis['members'][number];
const validator = GENESIS.validators[0] as Genesis['validators'][number];
const alloc = GENESIS.alloc[0] as Genesis['alloc'][number];

describe('a genesis that no chain may begin with', () => {
  it.each<[string, Partial<Genesis>, string]>([
    ['no members', { members: [] }, 'badGenesis'],
    ['a governance account twice', { members: [member, { ...member, name: 'Twin' }] }, 'badGenesis'],
    ['the zero governance account', { members: [{ ...member, governance: new Uint8Array(20) }] }, 'badGenesis'],
    ['no validators', { validators: [] }, 'badValidatorSet'],
    ['a validator twice', { validators: [validator, validator] }, 'badValidatorSet'],
    ['a validator without power', { validators: [{ ...validator, power: 0n }] }, 'badValidatorSet'],
    ['a weak key', { validators: [{ ...validator, publicKey: fromHex(`01${'00'.repeat(31)}`) }] }, 'badValidatorSet'],
    ['a validator of no member', { validators: [{ ...validator, member: 2 }] }, 'badGenesis'],
    ['CFT with validators of two members', { faultModel: 'CFT' }, 'badGenesis'],
    ['an allocation twice', { alloc: [alloc, alloc] }, 'badGenesis'],
    ['evmChainId 0', { evmChainId: 0n }, 'badGenesis'],
    ['evmChainId 2^52', { evmChainId: 1n << 52n }, 'badGenesis'],
    ['protocol version 0', { protocolVersion: 0 }, 'badGenesis'],
    ['no heartbeat', { params: { ...GENESIS.params, heartbeatIntervalMs: 0 } }, 'badParams'],
    ['no propose timeout', { params: { ...GENESIS.params, proposeTimeoutMs: 0 } }, 'badParams'],
    ['tiny blocks', { params: { ...GENESIS.params, maxBlockBytes: 100 } }, 'badParams'],
    ['a transaction limit over the block limit', { params: { ...GENESIS.params, txGasLimit: GENESIS.params.blockGasLimit + 1n } }, 'badParams'],
    ['blocks of more gas than any machine executes in time', { params: { ...GENESIS.params, blockGasLimit: 1_000_000_001n } }, 'badParams'],
    ['too little gas for a transfer', { params: { ...GENESIS.params, txGasLimit: 20_999n } }, 'badParams'],
    ['too long a name', { members: [{ ...member, name: 'x'.repeat(321) }, GENESIS.members[1] as Genesis['members'][number]] }, 'tooLong'],
    ['too much code', { alloc: [{ ...alloc, code: new Uint8Array(24_577) }] }, 'tooLong'],
  ])('%s', (_name, change, expected) => expect(code(() => encodeGenesis({ ...GENESIS, ...change }))).toBe(expected));
});

it('does not depend on the order of validators and allocations', () => {
  const more = [...GENESIS.alloc, { address: new Uint8Array(20).fill(1), balance: 1n, code: new Uint8Array() }];
  const shuffled = { ...GENESIS, validators: [...GENESIS.validators].reverse(), alloc: more };
  expect(genesisHash(shuffled)).toEqual(genesisHash({ ...GENESIS, alloc: [...more].reverse() }));
  expect(genesisFromJson(genesisToJson(shuffled)).genesis.validators).toEqual(GENESIS.validators);
});

it('bytes with validators out of order are refused', () => {
  const bytes = encodeGenesis(GENESIS);
  const entries = GENESIS.validators.map((one) => toHex(new Writer().fixed(one.publicKey, 32).u64(one.power).u32(one.member).finish()));
  const [first, second] = entries as [string, string];
  const swapped = toHex(bytes).replace(first + second, second + first);
  expect(swapped).not.toBe(toHex(bytes));
  expect(code(() => decodeGenesis(fromHex(swapped)))).toBe('notCanonical');
});

it('an unknown hardfork or fault model in bytes is refused', () => {
  const hex = toHex(encodeGenesis(GENESIS));
  expect(code(() => decodeGenesis(fromHex(hex.replace(toHex(new TextEncoder().encode('osaka')), toHex(new TextEncoder().encode('oslo!'))))))).toBe('badGenesis');
  expect(code(() => decodeGenesis(fromHex(`${hex.slice(0, 18)}02${hex.slice(20)}`)))).toBe('notCanonical');
});

it('the founder message is the same for bytes and for text', () => {
  expect(founderMessage(GENESIS_HASH)).toBe(founderMessage(to0x(GENESIS_HASH)));
  expect(founderMessage(GENESIS_HASH)).toBe(`Stele genesis\n0x${toHex(GENESIS_HASH)}`);
});

describe('the genesis file', () => {
  const file = genesisToJson(GENESIS, [{ account: to0x(member.governance), signature: `0x${'11'.repeat(65)}` }]);
  const changed = (change: Record<string, unknown>) => ({ ...file, ...change });

  it('comes back, also through JSON that orders its keys otherwise', () => {
    const text = JSON.stringify(Object.fromEntries(Object.entries(file).reverse()));
    expect(genesisFromJson(JSON.parse(text))).toEqual({ genesis: GENESIS, genesisHash: GENESIS_HASH, founders: file.founders });
  });

  it.each<[string, unknown, string]>([
    ['nothing', null, 'badGenesis'],
    ['a text', 'genesis', 'badGenesis'],
    ['another format', changed({ format: 'stele-receipt' }), 'badGenesis'],
    ['another version', changed({ version: 2 }), 'badVersion'],
    ['no canonical bytes', changed({ canonical: undefined }), 'badGenesis'],
    ['another hash', changed({ genesisHash: `0x${'00'.repeat(32)}` }), 'badGenesis'],
    ['a readable part that says something else', changed({ genesis: { ...file.genesis, evmChainId: '1' } }), 'badGenesis'],
    ['a readable part that says more', changed({ genesis: { ...file.genesis, more: 1 } }), 'badGenesis'],
    ['a founder entry without a signature', changed({ founders: [{ account: to0x(member.governance) }] }), 'badGenesis'],
    ['a founder twice', changed({ founders: [...file.founders, ...file.founders] }), 'badGenesis'],
    ['founders that are no list', changed({ founders: {} }), 'badGenesis'],
  ])('%s is refused', (_name, value, expected) => expect(code(() => genesisFromJson(value))).toBe(expected));

  it('every changed digit of the canonical bytes is refused', () => {
    const { canonical } = file as GenesisFile;
    for (let at = 2; at < canonical.length; at++) {
      const digit = ((parseInt(canonical.charAt(at), 16) + 1) % 16).toString(16);
      expect(code(() => genesisFromJson(changed({ canonical: canonical.slice(0, at) + digit + canonical.slice(at + 1) })))).not.toBe('accepted');
    }
  });

  it('keys that no seed gave are named in the error', () => {
    const weak = { ...GENESIS, validators: [{ ...validator, publicKey: (KEYS[0] as KeyPair).publicKey.map(() => 0) }] };
    expect(() => encodeGenesis(weak)).toThrow(/smallOrder/);
  });
});
