import { blockHash, checkBlockBody, equalBytes, type Block, type Bytes, type Certificate } from '#ledger';
import { EvmError } from '../errors.js';
import type { ChainStore } from '../store/chain-store.js';
import { LmdbChainStore } from '../store/lmdb-chain-store.js';
import { admitTransaction } from '../transaction/admit.js';
import type { AdmittedTransaction } from '../transaction/admitted.js';
import { CallRun, callResultOf, isPlainTransfer } from './call.js';
import { estimateGas } from './estimate.js';
import type { BuildRequest, BuiltBlock, CallRequest, CallResult, ExecuteRequest, ExecutedBlock, Executor } from './executor.js';
import { createLane, LanePool, type Lane } from './lane.js';
import { buildBlock, executeBlock, requireHead } from './run-block.js';

export interface ExecutorOptions {
  store: ChainStore;
  /** Most gas of an `eth_call`; default 50 million. */
  callGasLimit?: bigint;
  /** Wall-clock limit of a call, and of an estimate with all its runs; default 5 seconds. */
  callTimeoutMs?: number;
}

const DEFAULT_CALL_GAS = 50_000_000n;
const DEFAULT_CALL_TIMEOUT_MS = 5000;
const CALL_LANES = 4;
/** A proposal of another round may execute while one is built. */
const BLOCK_LANES = 2;

/** An executor over an open store. One per store: it owns the writes. */
export async function createExecutor(options: ExecutorOptions): Promise<Executor> {
  if (!(options.store instanceof LmdbChainStore)) throw new TypeError('the executor needs a store of openChainStore');
  return new EvmExecutor(options.store, options.callGasLimit ?? DEFAULT_CALL_GAS, options.callTimeoutMs ?? DEFAULT_CALL_TIMEOUT_MS);
}

class EvmExecutor implements Executor {
  /** Apart, so that blocks never wait for calls. */
  private readonly blockLanes: LanePool;
  private readonly callLanes: LanePool;

  constructor(
    private readonly store: LmdbChainStore,
    private readonly callGasLimit: bigint,
    private readonly callTimeoutMs: number,
  ) {
    const create = (): Promise<Lane> => createLane(store.genesis.evmChainId, (height) => store.blockHashAt(height));
    this.blockLanes = new LanePool(create, BLOCK_LANES);
    this.callLanes = new LanePool(create, CALL_LANES);
  }

  admit(raw: Bytes, hash?: Bytes): AdmittedTransaction {
    const { evmChainId, params } = this.store.genesis;
    return admitTransaction(raw, { evmChainId, txGasLimit: params.txGasLimit }, hash);
  }

  async executeBlock(request: ExecuteRequest): Promise<ExecutedBlock> {
    return this.blockLanes.run((lane) => executeBlock(this.store, lane, request));
  }

  async buildBlock(request: BuildRequest): Promise<BuiltBlock> {
    return this.blockLanes.run((lane) => buildBlock(this.store, lane, request));
  }

  async commit(block: Block, certificate: Certificate, executed: ExecutedBlock): Promise<void> {
    requireHead(this.store, executed.parent);
    const fault = commitFault(block, certificate, executed, this.store.genesisHash);
    if (fault !== null) throw new EvmError('invalidBlock', `the block is not the one that was executed: ${fault}`);
    await this.store.append(block, certificate, executed);
  }

  async call(request: CallRequest, height: bigint = this.store.head().height): Promise<CallResult> {
    return this.callLanes.run(async (lane) => {
      lane.breath.begin({ timeoutMs: this.callTimeoutMs });
      const gasLimit = least(request.gasLimit ?? this.callGasLimit, this.callGasLimit);
      return callResultOf(await new CallRun(this.store, lane, request, height).run(gasLimit));
    });
  }

  async estimateGas(request: CallRequest, height: bigint = this.store.head().height): Promise<bigint> {
    const { txGasLimit, blockGasLimit } = this.store.genesis.params;
    const cap = least(request.gasLimit ?? txGasLimit, least(txGasLimit, blockGasLimit));
    return this.callLanes.run(async (lane) => {
      lane.breath.begin({ timeoutMs: this.callTimeoutMs });
      const call = new CallRun(this.store, lane, request, height);
      if (isPlainTransfer(this.store, request, height)) return (await call.run(21_000n)).gasUsed;
      return estimateGas((gasLimit) => call.run(gasLimit), cap);
    });
  }
}

/** What makes the block another than the executed one, or null. */
function commitFault(block: Block, certificate: Certificate, executed: ExecutedBlock, genesisHash: Bytes): string | null {
  const { header } = block;
  if (header.height !== executed.height) return `height ${header.height} instead of ${executed.height}`;
  if (!equalBytes(header.genesisHash, genesisHash)) return 'genesisHash';
  if (!equalBytes(header.prevHash, executed.parent.hash)) return 'prevHash';
  if (header.timeMs !== executed.timeMs) return 'timeMs';
  if (!equalBytes(header.stateRoot, executed.stateRoot)) return 'stateRoot';
  if (!equalBytes(header.receiptsRoot, executed.receiptsRoot)) return 'receiptsRoot';
  if (!equalBytes(header.txRoot, executed.txRoot)) return 'txRoot';
  if (certificate.height !== header.height || certificate.blockHash === null || !equalBytes(certificate.blockHash, blockHash(header))) return 'the certificate is of another block';
  return checkBlockBody(block);
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
