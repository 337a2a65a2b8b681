import { createCustomCommon, Mainnet } from '@ethereumjs/common';
import { createEVM, type EVM } from '@ethereumjs/evm';
import { sha256, type Bytes } from '#ledger';
import { keccak256 } from '../crypto/keccak.js';
import { recoverPublicKey } from '../crypto/recover.js';
import { EvmError } from '../errors.js';
import { OverlayStateManager } from '../state/state-manager.js';
import { EMPTY_STATE, Overlay } from '../state/overlay.js';
import { AccessJournal } from './access-journal.js';
import { Breath } from './breath.js';
import type { Curves } from './curves.js';
import { useFrames } from './frames.js';
import { useLoop } from './interpreter-loop.js';
import { quickOpcodes } from './opcodes.js';
import { STELE_RULES, type ExecutionRules } from './rules.js';

/** BLOCKHASH of an earlier block. */
export type BlockHashAt = (height: bigint) => Bytes | null;

/** One EVM with its state manager. It runs one transaction at a time; its overlay is put in before each run. */
export interface Lane {
  evm: EVM;
  state: OverlayStateManager;
  breath: Breath;
  rules: ExecutionRules;
}

/** @param curves null where no code will run: then no precompile is called. */
export async function createLane(evmChainId: bigint, blockHashAt: BlockHashAt, curves: Curves | null, rules: ExecutionRules = STELE_RULES): Promise<Lane> {
  const common = createCustomCommon({ chainId: Number(evmChainId), name: 'stele' }, Mainnet, {
    hardfork: rules.hardfork,
    customCrypto: { keccak256, sha256: (bytes) => sha256(bytes), ecrecover: precompileRecover },
  });
  common.updateParams(rules.prices);
  // The library asks for several EIPs at each call and log, and looks through a list each time; the rules never change.
  const eips = new Set((common as unknown as { _activatedEIPsCache: number[] })._activatedEIPsCache);
  common.isActivatedEIP = (eip) => eips.has(eip);
  const state = new OverlayStateManager();
  const blockchain = {
    getBlock: async (height: number) => ({ hash: (): Bytes => blockHashAt(BigInt(height)) ?? new Uint8Array(32) }),
    putBlock: async (): Promise<void> => undefined,
    shallowCopy: () => blockchain,
  };
  const breath = new Breath();
  let shown: unknown;
  const jumpdest = {
    opcode: 0x5b, opcodeName: 'JUMPDEST', baseFee: 1,
    logicFunction: ({ interpreter }: { interpreter: unknown }): Promise<void> => {
      shown ??= interpreter;
      return breath.atJump() as Promise<void>;
    },
  };
  const evm = await createEVM({
    common, params: rules.prices, stateManager: state, blockchain, customPrecompiles: rules.precompiles(common), customOpcodes: [jumpdest, ...(rules.quick ? quickOpcodes(common) : [])], ...curves,
  });
  // The library shows its interpreter to opcodes only: one JUMPDEST is run for it.
  state.use(new Overlay(EMPTY_STATE));
  await evm.runCode({ code: Uint8Array.of(0x5b), gasLimit: 100n });
  useLoop(shown);
  if (rules.quick) {
    evm.journal = new AccessJournal(state, new Set(evm.precompiles.keys())) as unknown as EVM['journal'];
    useFrames(evm, shown);
  }
  state.use(null);
  return { evm, state, breath, rules };
}

/** ECRECOVER, address 1: the library has checked v; a throw means that there is no such key. */
function precompileRecover(digest: Uint8Array, v: bigint, r: Uint8Array, s: Uint8Array, chainId?: bigint): Uint8Array {
  const signature = new Uint8Array(64);
  signature.set(r, 32 - r.length);
  signature.set(s, 64 - s.length);
  const parity = chainId === undefined ? v - 27n : v - (chainId * 2n + 35n);
  const key = recoverPublicKey(digest, signature, Number(parity));
  if (key === null) throw new Error('no key can have made this signature');
  return key;
}

/** Lanes for calls: as many as run at once, at most `limit`; further calls wait for their turn. */
export class LanePool {
  private readonly idle: Lane[] = [];
  private readonly waiting: ((lane: Lane) => void)[] = [];
  private created = 0;

  constructor(
    private readonly create: () => Promise<Lane>,
    private readonly limit: number,
  ) {}

  async run<T>(work: (lane: Lane) => Promise<T>): Promise<T> {
    const lane = await this.take();
    try {
      const result = await work(lane);
      this.give(lane);
      return result;
    } catch (error) {
      // Where the EVM itself threw, its journals may stand anywhere: a new one takes its place.
      this.give(error instanceof EvmError ? lane : await this.create());
      throw error;
    }
  }

  private give(lane: Lane): void {
    lane.state.use(null);
    const next = this.waiting.shift();
    if (next === undefined) this.idle.push(lane);
    else next(lane);
  }

  private async take(): Promise<Lane> {
    const lane = this.idle.pop();
    if (lane !== undefined) return lane;
    if (this.created >= this.limit) return new Promise((resolve) => this.waiting.push(resolve));
    this.created++;
    return this.create();
  }
}
