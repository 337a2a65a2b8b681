import { decodeAll, LedgerError, toHex, Writer, type Bytes, type Reader } from '../encoding/index.js';
import { sha256 } from '../crypto/hash.js';
import { readParams, writeParams, type Params } from './params.js';
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

/** Everything that a chain begins with. Its hash binds every signature of the chain. */
export interface Genesis {
  version: 1;
  /** What wallets see. */
  evmChainId: bigint;
  faultModel: FaultModel;
  timeMs: bigint;
  hardfork: 'osaka';
  protocolVersion: number;
  params: Params;
  members: readonly GenesisMember[];
  validators: readonly GenesisValidator[];
  alloc: readonly GenesisAlloc[];
}

const MAX_MEMBERS = 1000;
const MAX_ALLOC = 10_000;
const MAX_CODE_BYTES = 24_576;
const MODELS: readonly FaultModel[] = ['BFT', 'CFT'];

export function encodeGenesis(genesis: Genesis): Bytes {
  const writer = new Writer();
  writer.u8(genesis.version).u64(genesis.evmChainId).u8(MODELS.indexOf(genesis.faultModel)).u64(genesis.timeMs).text(genesis.hardfork).u32(genesis.protocolVersion);
  writeParams(writer, genesis.params);
  writer.list(genesis.members, (member) => writer.text(member.name).fixed(member.governance, 20).fixed(member.operations, 20));
  writer.list(genesis.validators, (validator) => writer.fixed(validator.publicKey, 32).u64(validator.power).u32(validator.member));
  writer.list(genesis.alloc, (entry) => writer.fixed(entry.address, 20).u256(entry.balance).bytes(entry.code));
  return writer.finish();
}

export function decodeGenesis(bytes: Bytes): Genesis {
  return decodeAll(bytes, readGenesis);
}

function readGenesis(reader: Reader): Genesis {
  reader.version(1, 'genesis');
  const evmChainId = reader.u64();
  const faultModel = MODELS[reader.u8()];
  if (faultModel === undefined) throw new LedgerError('notCanonical', 'unknown fault model');
  const timeMs = reader.u64();
  const hardfork = reader.text(32);
  if (hardfork !== 'osaka') throw new LedgerError('badGenesis', `hardfork ${hardfork} is not known (this program knows osaka)`);
  return {
    version: 1, evmChainId, faultModel, timeMs, hardfork, protocolVersion: reader.u32(), params: readParams(reader),
    members: reader.list(MAX_MEMBERS, 44, () => ({ name: reader.text(320), governance: reader.fixed(20), operations: reader.fixed(20) })),
    validators: reader.list(MAX_VALIDATORS, 44, () => ({ publicKey: reader.fixed(32), power: reader.u64(), member: reader.u32() })),
    alloc: reader.list(MAX_ALLOC, 56, () => ({ address: reader.fixed(20), balance: reader.u256(), code: reader.bytes(MAX_CODE_BYTES) })),
  };
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

