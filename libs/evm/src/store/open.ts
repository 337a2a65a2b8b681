import { mkdirSync } from 'node:fs';
import { encodeGenesis, equalBytes, type Genesis } from '#ledger';
import { EMPTY_CODE_HASH } from '../crypto/keccak.js';
import { EvmError } from '../errors.js';
import { RECORDS_ADDRESS, RECORDS_CODE } from '../records/address.js';
import type { BlockOverlay } from '../state/block-overlay.js';
import { EMPTY_STATE, Overlay } from '../state/overlay.js';
import type { ChainStore } from './chain-store.js';
import { FORMAT, FORMAT_KEY, GENESIS_KEY } from './format.js';
import { HEAD_KEY, LmdbChainStore, type StateHistory } from './lmdb-chain-store.js';
import { StateWriter } from './state-writer.js';
import { writeSystemContracts } from '../system/genesis-storage.js';
import { asBuffer, heightKey, openTables, ownBytes, type Tables } from './tables.js';

export interface OpenOptions extends StateHistory {
  genesis: Genesis;
  /** For tests: puts more into the state of height 0 than genesis can say. */
  seed?: (state: Overlay) => void;
}

/**
 * Opens the store in `folder`, creating it with the genesis state when it is empty.
 * @throws EvmError `wrongGenesis` when the folder holds another chain, `damagedStore`.
 */
export async function openChainStore(folder: string, options: OpenOptions): Promise<ChainStore> {
  const { history } = options;
  if (typeof history === 'number' && !(Number.isSafeInteger(history) && history >= 1)) throw new RangeError(`history must be a number of blocks, at least 1, or archive, not ${history}`);
  mkdirSync(folder, { recursive: true });
  const tables = openTables(folder);
  try {
    const format = tables.meta.get(FORMAT_KEY);
    if (format === undefined) await writeGenesis(tables, options);
    else if (!equalBytes(format, FORMAT)) throw new EvmError('damagedStore', `the store has format ${format.toString()}, this program knows ${FORMAT.toString()}`);
    checkGenesis(tables, options.genesis);
    return new LmdbChainStore(tables, options.genesis, options);
  } catch (error) {
    await tables.root.close();
    throw error;
  }
}

function checkGenesis(tables: Tables, genesis: Genesis): void {
  const stored = tables.meta.get(GENESIS_KEY);
  if (stored === undefined) throw new EvmError('damagedStore', 'the store has no genesis');
  if (!equalBytes(ownBytes(stored), encodeGenesis(genesis))) throw new EvmError('wrongGenesis', 'the store holds a chain with another genesis');
}

/** Height 0. The format mark is in the same batch, so a crash leaves either nothing or all. */
async function writeGenesis(tables: Tables, { genesis, seed }: OpenOptions): Promise<void> {
  const blockOverlay = genesisState(tables, genesis, seed);
  await tables.root.transaction(() => {
    new StateWriter(tables, null).write(blockOverlay);
    void tables.meta.put(GENESIS_KEY, asBuffer(encodeGenesis(genesis)));
    void tables.meta.put(HEAD_KEY, heightKey(0n));
    void tables.meta.put(FORMAT_KEY, FORMAT);
  });
}

/** What genesis allots, the system contracts, and the code of what runs natively, ready to be written under height 0. */
export function genesisState(tables: Tables, genesis: Genesis, seed?: (state: Overlay) => void): BlockOverlay {
  const overlay = new Overlay(EMPTY_STATE);
  for (const { address, balance, code } of genesis.alloc) {
    overlay.setAccount(address, { nonce: 0n, balance, codeHash: EMPTY_CODE_HASH });
    if (code.length > 0) overlay.setCode(address, code);
    else if (balance === 0n) overlay.setAccount(address, null);
  }
  overlay.setCode(RECORDS_ADDRESS, RECORDS_CODE);
  writeSystemContracts(overlay, genesis);
  seed?.(overlay);
  return new StateWriter(tables, null).overlayOf(overlay, EMPTY_STATE, 0n);
}
