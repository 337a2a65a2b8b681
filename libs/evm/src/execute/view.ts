import type { Bytes, Genesis, Header, Params } from '#ledger';
import type { BlockHashAt } from './lane.js';
import type { AccessMemory } from '../system/access.js';
import type { BaseState } from '../state/overlay.js';

/** What execution reads of the chain: the store on the main thread, a view of the same environment on a worker thread. */
export interface ChainView {
  readonly genesis: Genesis;
  readonly genesisHash: Bytes;
  header(height: bigint): Header | null;
  /** BLOCKHASH; genesisHash at height 0. */
  blockHashAt: BlockHashAt;
  /** The state after that block. @throws EvmError `unknownHeight`. */
  state(height: bigint): BaseState;
  /** The parameters of a height, which may be the next one's. */
  paramsAt(height: bigint): Params;
  /** What this thread remembers of the decided permissions. */
  readonly access: AccessMemory;
}
