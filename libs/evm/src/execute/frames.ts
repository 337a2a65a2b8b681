import { EVMError, type EVM, type ExecResult, type Message } from '@ethereumjs/evm';
import { Account, createZeroAddress, type Address } from '@ethereumjs/util';
import { isRecords } from '../records/address.js';
import type { OverlayStateManager } from '../state/state-manager.js';
import type { AccessJournal } from './access-journal.js';
import type { EvmBlock } from './environment.js';
import { FrameMemory } from './frame-memory.js';
import { runRecordsFrame } from './run-records.js';

/**
 * One call frame: what the EVM library's `_executeCall` and `runInterpreter` do (10.1.3), without their allocations. The library gives each
 * frame a memory of 8 KiB and copies the whole machine into the result, which nobody reads; that was most of the time of a short call.
 * What it leaves out is not part of `osaka` or not used here: access witnesses, the profiler, Clique.
 */

const { REVERT } = EVMError.errorMessages;
const NOTHING = new Uint8Array(0);
const NO_PUSHES = {};

/** What the frame uses of the library's interpreter; its fields are all private there. */
interface Interpreter {
  run(code: Uint8Array, options?: { pc?: number }): Promise<{ runState: RunState; exceptionError: EVMError | undefined }>;
  _result: Omit<ExecResult, 'executionGasUsed' | 'returnValue'> & { returnValue?: Uint8Array; createdAddresses?: Set<string> };
}

interface RunState {
  gasLeft: bigint;
  gasRefund: bigint;
  stateGasSpilled: bigint;
}

type RunFrame = (message: Message, options?: { pc?: number; initialLogs?: ExecResult['logs'] }) => Promise<ExecResult>;

interface Inner {
  runInterpreter: RunFrame;
  _executeCall(message: Message): Promise<{ execResult: ExecResult }>;
  _reduceSenderBalance(account: Account, message: Message): Promise<void>;
  _addToBalance(account: Account, message: Message): Promise<void>;
  _loadCode(message: Message): Promise<void>;
  postMessageCleanup(): void;
  runPrecompile(code: Precompile, data: Uint8Array, gasLimit: bigint): Promise<ExecResult> | ExecResult;
  _tx: { gasPrice: bigint; origin?: Message['caller'] };
  _block?: EvmBlock;
}

type Precompile = Exclude<NonNullable<Message['code']>, Uint8Array>;

interface Env {
  gasRefund: bigint | undefined;
  initialLogs: ExecResult['logs'];
}

type NewInterpreter = new (evm: EVM, env: Env, gasLeft: bigint, memory: FrameMemory) => Interpreter;

/**
 * Has this EVM run its frames so. `someInterpreter` is one that the library made.
 * @throws Error where the library's interpreter has other fields than this was written for.
 */
export function useFrames(evm: EVM, someInterpreter: unknown): void {
  const inner = evm as unknown as Inner;
  inner._executeCall = (message) => executeCall(evm, inner, message);
  const create = interpreterLike(someInterpreter as Record<string, unknown>);
  inner.runInterpreter = async (message, options = {}): Promise<ExecResult> => {
    const to = message.to ?? createZeroAddress();
    const env = {
      address: to, caller: message.caller ?? createZeroAddress(), callData: message.data ?? Uint8Array.of(0), callValue: message.value ?? 0n, code: message.code, isStatic: message.isStatic ?? false, isCreate: message.isCreate ?? false,
      depth: message.depth ?? 0, gasPrice: inner._tx.gasPrice, origin: inner._tx.origin ?? message.caller ?? createZeroAddress(), block: inner._block,
      contract: (await evm.stateManager.getAccount(to)) ?? new Account(), codeAddress: message.codeAddress, gasRefund: message.gasRefund,
      chargeCodeAccesses: message.chargeCodeAccesses, blobVersionedHashes: message.blobVersionedHashes ?? [], accessWitness: undefined,
      createdAddresses: message.createdAddresses, initialLogs: options.initialLogs,
    };
    const memory = FrameMemory.take();
    const interpreter = new create(evm, env, message.gasLimit, memory);
    const own = interpreter._result;
    if (message.selfdestruct !== undefined) own.selfdestruct = message.selfdestruct;
    if (message.createdAddresses !== undefined) own.createdAddresses = message.createdAddresses;
    const { runState, exceptionError } = await interpreter.run(message.code as Uint8Array, options);
    const { gasLeft, gasRefund, stateGasSpilled } = runState;
    memory.give();
    const failed = exceptionError !== undefined;
    const { returnValue = new Uint8Array(0) } = interpreter._result;
    return {
      ...(failed ? { logs: [], selfdestruct: new Map(), createdAddresses: new Set() } : interpreter._result),
      ...(failed ? { exceptionError } : {}),
      gas: gasLeft, executionGasUsed: failed && exceptionError.error !== REVERT ? message.gasLimit : message.gasLimit - gasLeft, gasRefund, stateGasSpilled, returnValue,
    };
  };
}

/** A call's frame: value, code, then a precompile or the code. As the library's, where `osaka` is all there is. */
async function executeCall(evm: EVM, inner: Inner, message: Message): Promise<{ execResult: ExecResult }> {
  const to = message.to as Address;
  if (isRecords(message.codeAddress.bytes)) return { execResult: callOfRecords(evm, inner, message) };
  const failed = message.delegatecall ? undefined : await transferValue(evm, inner, message, to);
  await inner._loadCode(message);
  const { code, gasRefund } = message;
  if (failed !== undefined || code === undefined || (typeof code !== 'function' && code.length === 0)) {
    return { execResult: { executionGasUsed: 0n, returnValue: new Uint8Array(0), ...(gasRefund === undefined ? {} : { gasRefund }), ...(failed === undefined ? {} : { exceptionError: failed }) } };
  }
  if (message.isCompiled) {
    const result = await inner.runPrecompile(code as Precompile, message.data, message.gasLimit);
    if (gasRefund !== undefined) result.gasRefund = gasRefund;
    if (message.depth === 0) inner.postMessageCleanup();
    return { execResult: result };
  }
  const result = await inner.runInterpreter(message);
  if (message.depth === 0) inner.postMessageCleanup();
  return { execResult: result };
}

/** The native contract: no code is loaded, and as it takes no value, none is moved. */
function callOfRecords(evm: EVM, inner: Inner, message: Message): ExecResult {
  const { overlay } = evm.stateManager as OverlayStateManager;
  return runRecordsFrame(overlay, inner._block?.header.number ?? 0n, message);
}

/** A call of no value only touches both (EIP-161). */
async function transferValue(evm: EVM, inner: Inner, message: Message, to: Address): Promise<EVMError | undefined> {
  if (message.value === 0n) {
    const journal = evm.journal as unknown as AccessJournal;
    journal.touchAddress(message.caller);
    journal.touchAddress(to);
    return undefined;
  }
  try {
    await inner._reduceSenderBalance((await evm.stateManager.getAccount(message.caller)) ?? new Account(), message);
    await inner._addToBalance((await evm.stateManager.getAccount(to)) ?? new Account(), message);
    return undefined;
  } catch (error) {
    if (error instanceof EVMError) return error;
    throw error;
  }
}

/** A constructor of such interpreters, with a memory that is given. */
function interpreterLike(some: Record<string, unknown>): NewInterpreter {
  const { stack } = some['_runState'] as { stack: object };
  const NewStack = stack.constructor as new () => object;
  function create(this: Record<string, unknown>, evm: EVM, env: Env, gasLeft: bigint, memory: FrameMemory): void {
    this['opDebuggers'] = {};
    this['_evm'] = evm;
    this['_stateManager'] = evm.stateManager;
    this['common'] = evm.common;
    this['_runState'] = {
      programCounter: 0, opCode: 0xfe, memory, memoryWordCount: 0n, highestMemCost: 0n, stack: new NewStack(), code: NOTHING, validJumps: NOTHING, cachedPushes: NO_PUSHES,
      stateManager: evm.stateManager, blockchain: evm.blockchain, env, shouldDoJumpAnalysis: true, interpreter: this, gasRefund: env.gasRefund, gasLeft, stateGasSpilled: 0n,
      returnBytes: NOTHING,
    };
    this['journal'] = evm.journal;
    this['_env'] = env;
    this['_result'] = { logs: env.initialLogs === undefined ? [] : [...env.initialLogs], returnValue: undefined, selfdestruct: new Map() };
    this['profilerOpts'] = undefined;
    this['performanceLogger'] = some['performanceLogger'];
  }
  create.prototype = Object.getPrototypeOf(some) as object;
  const make = create as unknown as NewInterpreter;
  const ours = new make(some['_evm'] as EVM, some['_env'] as Env, 0n, new FrameMemory()) as unknown as Record<string, unknown>;
  for (const part of ['_runState', '_result', ''] as const) {
    const [own, library] = part === '' ? [ours, some] : [ours[part] as object, some[part] as object];
    const [a, b] = [Object.keys(own).sort().join(), Object.keys(library).sort().join()];
    if (a !== b) throw new Error(`the EVM library's interpreter has other fields than frames.ts was written for: ${b}, not ${a}`);
  }
  return make;
}
