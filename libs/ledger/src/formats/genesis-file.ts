import { equalBytes, fromHex, LedgerError, to0x, type Bytes } from '../encoding/index.js';
import { sha256 } from '../crypto/hash.js';
import { decodeGenesis, encodeGenesis, type Genesis } from './genesis.js';

export interface FounderSignature {
  /** The governance account, 0x and 40 hex digits. */
  account: string;
  /** EIP-191 signature over {@link founderMessage}, 0x and 65 bytes. */
  signature: string;
}

/** The JSON document that founders check, and that every verifier takes. `canonical` counts; the rest is for people. */
export interface GenesisFile {
  format: 'stele-genesis';
  version: 1;
  genesisHash: string;
  genesis: Record<string, unknown>;
  canonical: string;
  founders: readonly FounderSignature[];
}

/** The readable half: the same values as the canonical bytes, hex with 0x, u64 and u256 as decimal texts. */
function readable(genesis: Genesis): Record<string, unknown> {
  const { params } = genesis;
  return {
    evmChainId: genesis.evmChainId.toString(),
    faultModel: genesis.faultModel,
    timeMs: genesis.timeMs.toString(),
    hardfork: genesis.hardfork,
    protocolVersion: genesis.protocolVersion,
    access: genesis.access,
    params: { ...params, blockGasLimit: params.blockGasLimit.toString(), txGasLimit: params.txGasLimit.toString() },
    members: genesis.members.map((member) => ({ name: member.name, governance: to0x(member.governance), operations: to0x(member.operations) })),
    validators: genesis.validators.map((validator) => ({ publicKey: to0x(validator.publicKey), power: validator.power.toString(), member: validator.member })),
    alloc: genesis.alloc.map((entry) => ({ address: to0x(entry.address), balance: entry.balance.toString(), code: to0x(entry.code) })),
  };
}

export function genesisToJson(genesis: Genesis, founders: readonly FounderSignature[] = []): GenesisFile {
  const canonical = encodeGenesis(genesis);
  return {
    format: 'stele-genesis',
    version: 1,
    genesisHash: to0x(sha256(canonical)),
    genesis: readable(decodeGenesis(canonical)),
    canonical: to0x(canonical),
    founders,
  };
}

/** Deterministic text of a JSON value with sorted keys, to compare documents whose keys may come in another order. */
function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    return `{${Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => `${JSON.stringify(key)}:${sorted(item)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

/**
 * Reads a genesis file; what people read in it must be what the canonical bytes say, and the hash must be theirs.
 * @throws LedgerError `badGenesis` that names what differs.
 */
export function genesisFromJson(file: unknown): { genesis: Genesis; genesisHash: Bytes; founders: FounderSignature[] } {
  const document = file as Partial<GenesisFile> | null;
  if (document === null || typeof document !== 'object' || document.format !== 'stele-genesis') throw new LedgerError('badGenesis', 'this is no stele-genesis document');
  if (document.version !== 1) throw new LedgerError('badVersion', `version ${String(document.version)} of stele-genesis is not known (this program knows 1)`);
  if (typeof document.canonical !== 'string') throw new LedgerError('badGenesis', 'the genesis file has no canonical bytes');
  const canonical = fromHex(document.canonical);
  const genesis = decodeGenesis(canonical);
  const hash = sha256(canonical);
  if (typeof document.genesisHash !== 'string' || !equalBytes(fromHex(document.genesisHash), hash)) {
    throw new LedgerError('badGenesis', `genesisHash says ${String(document.genesisHash)}, its canonical bytes hash to ${to0x(hash)}`);
  }
  if (sorted(document.genesis) !== sorted(readable(genesis))) throw new LedgerError('badGenesis', 'the readable part of the genesis file differs from its canonical bytes');
  return { genesis, genesisHash: hash, founders: foundersOf(document.founders) };
}

function foundersOf(value: unknown): FounderSignature[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new LedgerError('badGenesis', 'founders is no list');
  const founders = value.map((entry: unknown) => {
    const { account, signature } = (entry ?? {}) as Partial<FounderSignature>;
    if (typeof account !== 'string' || !/^0x[0-9a-fA-F]{40}$/.test(account) || typeof signature !== 'string' || !/^0x[0-9a-fA-F]{130}$/.test(signature)) {
      throw new LedgerError('badGenesis', 'a founder entry is not {account, signature}');
    }
    return { account: account.toLowerCase(), signature };
  });
  if (new Set(founders.map((founder) => founder.account)).size !== founders.length) throw new LedgerError('badGenesis', 'a founder signed twice');
  return founders;
}
