import type { Log as EvmLog, Message as EvmMessage } from '@ethereumjs/evm';
import type { Bytes, Log } from '#ledger';
import { EvmError } from '../errors.js';
import type { CallFrame } from './call-frame.js';
import { failureWords } from './failure-words.js';
import { callOpcode } from './interpreter-loop.js';
import type { Lane } from './lane.js';
import type { Outcome } from './message.js';
import type { OpcodeListener } from './opcode-listener.js';
import { BlockRun, type Executable } from './run-block.js';
import { isRecords } from '../records/address.js';
import type { ChainView } from './view.js';

export interface TraceRequest {
  /** Of the decided block. */
  height: bigint;
  /** Its transactions, as far as they are needed. */
  transactions: readonly Executable[];
  /** The last one only, or all. */
  which: 'last' | 'all';
  onlyTopCall: boolean;
  withLog: boolean;
  /** Wall clock for all of it. */
  timeoutMs: number;
}

/**
 * Of all frames that are asked for: a call costs 100 gas however long its input is, so that a transaction of little gas could fill all memory with
 * what it was called with. Twice as much in hex fits into one answer.
 */
const MOST_BYTES = 8 * 1024 * 1024;
/** A frame without its input and output, about. */
const FRAME_BYTES = 250;

const CREATE = 0xf0;
const CALLCODE = 0xf2;
const STATICCALL = 0xfa;

/** Executes a decided block again, as far as asked, and tells the calls of its transactions. @throws EvmError `callTimeout`, `unknownHeight`. */
export async function traceBlock(view: ChainView, lane: Lane, { height, transactions, which, onlyTopCall, withLog, timeoutMs }: TraceRequest): Promise<CallFrame[]> {
  const header = view.header(height);
  if (header === null) throw new EvmError('unknownHeight', `block ${height} is not here`);
  const run = new BlockRun(view, lane, { parent: { height: height - 1n, hash: header.prevHash, timeMs: 0n }, timeMs: header.timeMs });
  lane.breath.begin({ timeoutMs });
  const frames: CallFrame[] = [];
  const room = { bytes: MOST_BYTES };
  for (const [i, transaction] of transactions.entries()) {
    const isWanted = which === 'all' || i === transactions.length - 1;
    const before = run.gasUsed;
    const tracer = isWanted ? new CallTracer(lane, onlyTopCall, withLog, room) : null;
    const fault = await run.add(transaction).finally(() => tracer?.end());
    if (fault !== null) throw new EvmError('executionFailed', `transaction ${i} of block ${height} cannot stand there: ${fault}`);
    if (room.bytes < 0) throw new EvmError('traceTooLarge', `the trace holds more than ${MOST_BYTES} bytes: ask for one transaction, with onlyTopCall, or without withLog`);
    if (tracer !== null) frames.push(withoutLostLogs(topFrame(tracer.top, transaction, run.gasUsed - before, run.lastOutcome, withLog)));
  }
  return frames;
}

/** The whole transaction, gas before its first opcode included. One to Records runs without the EVM, so that nothing was heard of it. */
function topFrame(top: CallFrame | null, { sender, to, value, data, gasLimit }: Executable, gasUsed: bigint, outcome: Outcome | null, withLog: boolean): CallFrame {
  if (top !== null) return { ...top, gas: gasLimit, gasUsed };
  const bare: CallFrame = { type: 'CALL', from: sender, to, value, gas: gasLimit, gasUsed, input: data, output: NOTHING, error: null, calls: [], logs: [] };
  if (!isRecords(to) || outcome === null) return { ...bare, error: 'the EVM failed on this transaction' };
  return { ...bare, output: outcome.returnData, error: outcome.failure?.message ?? null, logs: withLog ? outcome.logs.map((log, index) => ({ ...log, position: 0, index })) : [] };
}

/** What failed has left no logs, nor has anything that it called. */
function withoutLostLogs(frame: CallFrame, isLost = false): CallFrame {
  const lost = isLost || frame.error !== null;
  if (lost) frame.logs = [];
  for (const inner of frame.calls) withoutLostLogs(inner, lost);
  return frame;
}

const NOTHING: Bytes = new Uint8Array(0);

/** Listens to one transaction. */
class CallTracer {
  top: CallFrame | null = null;
  private readonly open: CallFrame[] = [];
  private logCount = 0;
  /** How many logs there were when each open frame began. */
  private readonly logsBefore: number[] = [];

  constructor(
    private readonly lane: Lane,
    private readonly onlyTopCall: boolean,
    private readonly withLog: boolean,
    /** What is left for frames; below zero, nothing more is kept. */
    private readonly room: { bytes: number },
  ) {
    lane.state.listener = this.listener;
    lane.evm.events?.on('beforeMessage', this.before);
    lane.evm.events?.on('afterMessage', this.after);
  }

  end(): void {
    this.lane.state.listener = null;
    this.lane.evm.events?.off('beforeMessage', this.before);
    this.lane.evm.events?.off('afterMessage', this.after);
  }

  private readonly listener: OpcodeListener = {
    logged: (log) => this.addLog(log),
    selfDestructs: (contract, beneficiary) => {
      if (this.onlyTopCall || !this.fits(0)) return;
      const value = this.lane.state.overlay.account(contract)?.balance ?? 0n;
      const frame: CallFrame = { type: 'SELFDESTRUCT', from: contract, to: beneficiary, value, gas: 0n, gasUsed: 0n, input: NOTHING, output: NOTHING, error: null, calls: [], logs: [] };
      this.open.at(-1)?.calls.push(frame);
    },
  };

  /** Takes room for so many bytes; false where there is none. */
  private fits(bytes: number): boolean {
    this.room.bytes -= FRAME_BYTES + bytes;
    return this.room.bytes >= 0;
  }

  private addLog({ address, topics, data }: Log): void {
    const index = this.logCount++;
    const frame = this.open.at(-1);
    if (frame === undefined || !this.withLog || (this.onlyTopCall && this.open.length > 1) || !this.fits(data.length)) return;
    frame.logs.push({ address: Uint8Array.from(address), topics: topics.map((topic) => Uint8Array.from(topic)), data: Uint8Array.from(data), position: frame.calls.length, index });
  }

  private readonly before = (message: EvmMessage): void => {
    const above = this.open.at(-1);
    const isKept = above === undefined || (!this.onlyTopCall && this.fits(message.data.length));
    const frame = frameOf(message, isKept);
    if (above === undefined) this.top = frame;
    else if (isKept) above.calls.push(frame);
    this.open.push(frame);
    this.logsBefore.push(this.logCount);
  };

  private readonly after = ({ execResult, createdAddress }: { execResult: { logs?: EvmLog[]; executionGasUsed: bigint; returnValue: Uint8Array; exceptionError?: { error: string } | undefined }; createdAddress?: { bytes: Uint8Array } | undefined }): void => {
    // The native contract has no opcodes.
    if (isRecords(this.open.at(-1)?.to ?? null)) for (const [address, topics, data] of execResult.logs ?? []) this.addLog({ address, topics, data });
    const frame = this.open.pop();
    const logsBefore = this.logsBefore.pop();
    if (frame === undefined) return;
    if (execResult.exceptionError !== undefined) this.logCount = logsBefore ?? 0;
    const { executionGasUsed, returnValue, exceptionError } = execResult;
    frame.gasUsed = executionGasUsed;
    const isTop = this.open.length === 0;
    if (isTop || (!this.onlyTopCall && this.fits(returnValue.length))) frame.output = Uint8Array.from(returnValue);
    const creates = frame.type === 'CREATE' || frame.type === 'CREATE2';
    if (creates) frame.to = exceptionError === undefined && createdAddress !== undefined ? createdAddress.bytes : null;
    if (exceptionError !== undefined) frame.error = failureWords(exceptionError.error);
  };
}

function frameOf(message: EvmMessage, isKept: boolean): CallFrame {
  const { caller, value, gasLimit, data } = message;
  const common = { from: caller.bytes, value, gas: gasLimit, gasUsed: 0n, input: isKept ? Uint8Array.from(data) : NOTHING, output: NOTHING, error: null, calls: [], logs: [] };
  const to = message.to?.bytes;
  if (to === undefined) return { ...common, type: message.salt === undefined ? 'CREATE' : 'CREATE2', to: null };
  // Code of another account in this one's place: `to` is whose storage it works on.
  if (message.delegatecall) return { ...common, type: 'DELEGATECALL', from: to, to: message.codeAddress.bytes };
  const opcode = message.depth === 0 ? CREATE : callOpcode();
  if (opcode === CALLCODE) return { ...common, type: 'CALLCODE', to: message.codeAddress.bytes };
  return opcode === STATICCALL ? { ...common, type: 'STATICCALL', to, value: null } : { ...common, type: 'CALL', to };
}
