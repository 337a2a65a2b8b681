import { compareBytes, decodeAll, LedgerError, toHex, Writer, type Bytes, type Reader } from '../encoding/index.js';
import { sha256 } from '../crypto/hash.js';
import { checkParams, readParams, writeParams, type Params } from './params.js';
import type { FaultModel } from './quorum.js';
import { MAX_VALIDATORS, ValidatorSet } from './validators.js';

export interface GenesisMember {
  name: string;
  /** The account that votes, 20 bytes. */
  governance: Bytes;
  /** The account that transacts, 20 bytes. */
  operations: Bytes;
}

export interface GenesisValidator {
  publicKey: Bytes;
  power: bigint;
  /** Index into `members`. */
  member: number;
}

export interface GenesisAlloc {
  address: Bytes;
  /** u256, in wei. */
  balance: bigint;
  code: Bytes;
}

export type Access = 'open' | 'members';

/** Everything that a chain begins with. Its hash binds every signature of the chain. */
export interface Genesis {
  version: 2;
  /** What wallets see. */
  evmChainId: bigint;
  faultModel: FaultModel;
  timeMs: bigint;
  hardfork: 'osaka';
  /** Also says which system contracts stand at their addresses (docs/spec/system-contracts.md has their hashes). */
  protocolVersion: number;
  /** Who may transact until the members decide otherwise: every account, or members' accounts only. */
  access: Access;
  params: Params;
  members: readonly GenesisMember[];
  validators: readonly GenesisValidator[];
  alloc: readonly GenesisAlloc[];
}

const MAX_MEMBERS = 1000;
const MAX_ALLOC = 10_000;
const MAX_CODE_BYTES = 24_576;
const MAX_HARDFORK_BYTES = 32;
const MAX_NAME_BYTES = 320;
/** Wallets hold the id as a JavaScript number and some add to it. */
const MAX_EVM_CHAIN_ID = 1n << 52n;
const MODELS: readonly FaultModel[] = ['BFT', 'CFT'];
const ACCESSES: readonly Access[] = ['open', 'members'];
/** The addresses 0x…5e1e00 to 0x…5e1eff, where system contracts stand. */
const RESERVED = /^0{34}5e1e[0-9a-f]{2}$/;

/**
 * The canonical bytes. Validators and allocations are written in ascending order of key and address, whatever their order here.
 * @throws LedgerError for a genesis that {@link decodeGenesis} would refuse.
 */
export function encodeGenesis(genesis: Genesis): Bytes {
  checkGenesis(genesis);
  const validators = [...genesis.validators].sort((a, b) => compareBytes(a.publicKey, b.publicKey));
  const alloc = [...genesis.alloc].sort((a, b) => compareBytes(a.address, b.address));
  const writer = new Writer();
  writer.u8(2).u64(genesis.evmChainId).u8(MODELS.indexOf(genesis.faultModel)).u64(genesis.timeMs).text(genesis.hardfork, MAX_HARDFORK_BYTES).u32(genesis.protocolVersion).u8(ACCESSES.indexOf(genesis.access));
  writeParams(writer, genesis.params);
  writer.list(genesis.members, MAX_MEMBERS, (member) => writer.text(member.name, MAX_NAME_BYTES).fixed(member.governance, 20).fixed(member.operations, 20));
  writer.list(validators, MAX_VALIDATORS, (validator) => writer.fixed(validator.publicKey, 32).u64(validator.power).u32(validator.member));
  writer.list(alloc, MAX_ALLOC, (entry) => writer.fixed(entry.address, 20).u256(entry.balance).bytes(entry.code, MAX_CODE_BYTES));
  return writer.finish();
}

export function decodeGenesis(bytes: Bytes): Genesis {
  const genesis = decodeAll(bytes, readGenesis);
  ascending(genesis.validators.map((validator) => validator.publicKey), 'validators');
  ascending(genesis.alloc.map((entry) => entry.address), 'allocations');
  checkGenesis(genesis);
  return genesis;
}

function readGenesis(reader: Reader): Genesis {
  reader.version(2, 'genesis');
  const evmChainId = reader.u64();
  const faultModel = MODELS[reader.u8()];
  if (faultModel === undefined) throw new LedgerError('notCanonical', 'unknown fault model');
  const timeMs = reader.u64();
  const hardfork = reader.text(MAX_HARDFORK_BYTES);
  if (hardfork !== 'osaka') throw new LedgerError('badGenesis', `hardfork ${hardfork} is not known (this program knows osaka)`);
  const protocolVersion = reader.u32();
  const access = ACCESSES[reader.u8()];
  if (access === undefined) throw new LedgerError('notCanonical', 'unknown access');
  return {
    version: 2, evmChainId, faultModel, timeMs, hardfork, protocolVersion, access, params: readParams(reader),
    members: reader.list(MAX_MEMBERS, 44, () => ({ name: reader.text(MAX_NAME_BYTES), governance: reader.fixed(20), operations: reader.fixed(20) })),
    validators: reader.list(MAX_VALIDATORS, 44, () => ({ publicKey: reader.fixed(32), power: reader.u64(), member: reader.u32() })),
    alloc: reader.list(MAX_ALLOC, 56, () => ({ address: reader.fixed(20), balance: reader.u256(), code: reader.bytes(MAX_CODE_BYTES) })),
  };
}

function ascending(keys: readonly Bytes[], what: string): void {
  for (let i = 1; i < keys.length; i++) {
    if (compareBytes(keys[i - 1] as Bytes, keys[i] as Bytes) >= 0) throw new LedgerError('notCanonical', `the ${what} of a genesis stand in ascending order, none twice`);
  }
}

/** What no chain may begin with, beyond what the encoding itself rules out. */
function checkGenesis(genesis: Genesis): void {
  if (genesis.evmChainId < 1n || genesis.evmChainId >= MAX_EVM_CHAIN_ID) throw new LedgerError('badGenesis', `evmChainId ${genesis.evmChainId} is outside 1 … 2^52 − 1`);
  if (genesis.protocolVersion < 1) throw new LedgerError('badGenesis', 'protocolVersion begins at 1');
  checkParams(genesis.params);
  if (genesis.members.length === 0) throw new LedgerError('badGenesis', 'a chain needs at least one member');
  distinct(genesis.members.map((member) => member.governance), 'governance account');
  distinct(genesis.alloc.map((entry) => entry.address), 'allocation');
  const reserved = genesis.alloc.find((entry) => RESERVED.test(toHex(entry.address)));
  if (reserved !== undefined) throw new LedgerError('badGenesis', `the address 0x${toHex(reserved.address)} is a system contract's: allot to another`);
  genesisValidators(genesis);
}

function distinct(keys: readonly Bytes[], what: string): void {
  const seen = new Set<string>();
  for (const key of keys) {
    const hex = toHex(key);
    if (seen.has(hex)) throw new LedgerError('badGenesis', `${what} 0x${hex} stands twice`);
    if (/^0*$/.test(hex)) throw new LedgerError('badGenesis', `the zero address is no ${what}`);
    seen.add(hex);
  }
}

export function genesisHash(genesis: Genesis): Bytes {
  return sha256(encodeGenesis(genesis));
}

/**
 * The validators of height 1, checked.
 * @throws LedgerError for a set that no chain may begin with, or a validator of no member.
 */
export function genesisValidators(genesis: Genesis): ValidatorSet {
  for (const validator of genesis.validators) {
    if (genesis.members[validator.member] === undefined) throw new LedgerError('badGenesis', `a validator names member ${validator.member} of ${genesis.members.length}`);
  }
  if (genesis.faultModel === 'CFT' && new Set(genesis.validators.map((validator) => validator.member)).size > 1) {
    throw new LedgerError('badGenesis', 'CFT is for chains where one member owns every validator; choose BFT');
  }
  return new ValidatorSet(genesis.validators.map(({ publicKey, power }) => ({ publicKey, power })));
}

/** What a founder's governance account signs (EIP-191 personal_sign over this text). */
export function founderMessage(hash: Bytes | string): string {
  const hex = typeof hash === 'string' ? hash.replace(/^0x/, '').toLowerCase() : toHex(hash);
  return `Stele genesis\n0x${hex}`;
}
