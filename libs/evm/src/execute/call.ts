import type { Bytes } from '#ledger';
import { EvmError } from '../errors.js';
import { EMPTY_CODE_HASH } from '../crypto/keccak.js';
import { Overlay } from '../state/overlay.js';
import { intrinsicGasOf } from '../transaction/intrinsic.js';
import { environmentOf } from './environment.js';
import type { CallRequest, CallResult, StateOverride } from './executor.js';
import type { Lane } from './lane.js';
import type { Message, Outcome } from './message.js';
import { runTransaction } from './run-transaction.js';
import type { ChainView } from './view.js';

const NOBODY: Bytes = new Uint8Array(20);
const NOTHING: Bytes = new Uint8Array(0);

/** A call on the state after one block, in that block's environment. */
export class CallRun {
  private readonly base;
  private readonly environment;

  constructor(
    store: ChainView,
    private readonly lane: Lane,
    private readonly request: CallRequest,
    height: bigint,
  ) {
    this.base = store.state(height);
    this.environment = environmentAt(store, height);
  }

  /** Fresh state each time: nothing of one run is seen by the next. */
  async run(gasLimit: bigint): Promise<Outcome> {
    const overlay = new Overlay(this.base);
    for (const override of this.request.overrides ?? []) applyOverride(overlay, override);
    const message = this.message(overlay, gasLimit);
    if (message.value > (overlay.account(message.sender)?.balance ?? 0n)) {
      throw new EvmError('insufficientFunds', 'insufficient funds for transfer: the sender does not have the value');
    }
    if (gasLimit < message.intrinsicGas || gasLimit < message.floorGas) {
      return { failure: { code: 'outOfGas', message: 'intrinsic gas too low' }, gasUsed: gasLimit, gasBeforeRefund: gasLimit, returnData: NOTHING, logs: [], contractAddress: null };
    }
    const outcome = await runTransaction(this.lane, overlay, this.environment, message);
    if (outcome === null) throw new EvmError('executionFailed', 'the EVM failed on this call');
    return outcome;
  }

  private message(overlay: Overlay, gasLimit: bigint): Message {
    const { from = NOBODY, to = null, value = 0n, data = NOTHING, accessList = [] } = this.request;
    const gas = intrinsicGasOf(to, data, accessList);
    return { sender: from, nonce: overlay.account(from)?.nonce ?? 0n, gasLimit, to, value, data, accessList, intrinsicGas: BigInt(gas.intrinsicGas), floorGas: BigInt(gas.floorGas) };
  }
}

/** A call sees the block that it asks about; genesis stands for itself with nothing before it. */
function environmentAt(store: ChainView, height: bigint): ReturnType<typeof environmentOf> {
  const header = height === 0n ? null : store.header(height);
  const parent = { height: height - 1n, hash: header?.prevHash ?? store.genesisHash, timeMs: 0n };
  return environmentOf(parent.height < 0n ? { ...parent, height: -1n } : parent, header?.timeMs ?? store.genesis.timeMs, store.paramsAt(height > 0n ? height : 1n).blockGasLimit);
}

function applyOverride(overlay: Overlay, override: StateOverride): void {
  const { address } = override;
  if (override.code !== undefined) overlay.setCode(address, override.code);
  if (override.balance !== undefined || override.nonce !== undefined) {
    const account = overlay.account(address) ?? { nonce: 0n, balance: 0n, codeHash: EMPTY_CODE_HASH };
    overlay.setAccount(address, { ...account, balance: override.balance ?? account.balance, nonce: override.nonce ?? account.nonce });
  }
  if (override.state !== undefined) overlay.wipeStorage(address);
  for (const { slot, value } of [...(override.state ?? []), ...(override.stateDiff ?? [])]) overlay.setStorage(address, slot, value);
}

export function callResultOf(outcome: Outcome): CallResult {
  const { failure, returnData, gasUsed } = outcome;
  if (failure === null) return { ok: true, returnData, gasUsed };
  return { ok: false, ...failure, returnData, gasUsed };
}

export function throwFailure(outcome: Outcome): never {
  const failure = outcome.failure ?? { code: 'executionFailed' as const, message: 'the execution failed' };
  throw new EvmError(failure.code, failure.message, failure.code === 'executionReverted' ? { revertData: outcome.returnData } : {});
}
