import { createCustomCommon, Hardfork, Mainnet, type Common } from '@ethereumjs/common';
import { createEVM, type EVM } from '@ethereumjs/evm';
import { Address } from '@ethereumjs/util';
import { toHex, type Bytes } from '#ledger';
import { EMPTY_STATE, Overlay } from '../state/overlay.js';
import { OverlayStateManager } from '../state/state-manager.js';
import { environmentOf } from './environment.js';
import { createLane } from './lane.js';

const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const PROGRAMS = 400;
const CONTRACT = new Address(new Uint8Array(20).fill(0xcc));
const OTHER = new Address(new Uint8Array(20).fill(0xdd));
const BLOCK = environmentOf({ height: 1n, hash: new Uint8Array(32).fill(3), timeMs: 0n }, 1_790_000_000_000n, 30_000_000n);
const CALLER = new Address(new Uint8Array(20).fill(0xaa));

/** Numerical Recipes' generator: enough for choosing. */
function dice(seed: number): (sides: number) => number {
  let state = seed >>> 0;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

/** Opcodes in an order that mostly has enough on the stack; some programs jump wrong, run out of gas or fall off their end. */
function program(roll: (sides: number) => number): Uint8Array {
  const code: number[] = [];
  const push = (): void => {
    const size = [0, 1, 1, 1, 2, 8, 9, 20, 32][roll(9)] as number;
    code.push(0x5f + size, ...Array.from({ length: size }, () => roll(256)));
  };
  const small = (): void => void code.push(0x61, roll(3), roll(256));
  const one = (ops: readonly number[]): void => void code.push(ops[roll(ops.length)] as number);
  const kinds: (() => void)[] = [
    () => (push(), push(), one([0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x0a, 0x0b, 0x10, 0x11, 0x12, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1a, 0x1b, 0x1c, 0x1d])),
    () => (push(), push(), push(), one([0x08, 0x09])),
    () => (push(), one([0x15, 0x19, 0x1e])),
    () => (push(), small(), one([0x52, 0x53])),
    () => (small(), code.push(0x51)),
    () => (roll(4) === 0 ? push() : small(), code.push(0x35)),
    () => (small(), roll(4) === 0 ? push() : small(), small(), one([0x37, 0x39, 0x5e])),
    () => (small(), small(), small(), code.push(0x73, ...OTHER.bytes, 0x3c)),
    () => (small(), small(), code.push(0x20)),
    () => (push(), code.push(0x60, roll(4), 0x55)),
    () => code.push(0x60, roll(4), 0x54),
    () => (push(), code.push(0x60, roll(4), 0x5d)),
    () => code.push(0x60, roll(4), 0x5c),
    () => (small(), small(), code.push(0xa0)),
    () => one([0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3a, 0x3d, 0x41, 0x42, 0x43, 0x46, 0x47, 0x48, 0x58, 0x59, 0x5a]),
    () => one([0x80, 0x81, 0x90, 0x50]),
    // Jumps over one opcode, or not.
    () => code.push(0x60, roll(2), 0x61, (code.length + 7) >> 8, (code.length + 7) & 255, 0x57, 0x5f, 0x5b),
    () => (small(), small(), small(), small(), code.push(0x5f, 0x73, ...OTHER.bytes, 0x61, roll(256), 0xff, 0xf1)),
    () => roll(8) === 0 && (small(), one([0x56, 0x0c, 0xfe, 0x57])),
  ];
  for (let i = 0; i < 5 + roll(60); i++) (kinds[roll(kinds.length)] as () => void)();
  if (roll(3) > 0) code.push(0x61, 1, roll(256), 0x60, roll(64), roll(4) === 0 ? 0xfd : 0xf3);
  return Uint8Array.from(code);
}

async function outcomes(evm: EVM, state: OverlayStateManager): Promise<unknown[]> {
  const roll = dice(SEED);
  const all: unknown[] = [];
  for (let i = 0; i < PROGRAMS; i++) {
    const overlay = new Overlay(EMPTY_STATE);
    overlay.setCode(CONTRACT.bytes, program(roll));
    overlay.setCode(OTHER.bytes, program(roll));
    state.use(overlay);
    evm.journal.cleanJournal();
    evm.transientStorage.clear();
    const data = Uint8Array.from({ length: roll(80) }, () => roll(256));
    const { execResult } = await evm.runCall({ block: BLOCK, caller: CALLER, origin: CALLER, to: CONTRACT, data, gasLimit: BigInt(roll(2) === 0 ? 1_000_000 : roll(5000)), skipNonceIncrement: true });
    const slots = [...overlay.slots].filter(([, { written }]) => written.size > 0).map(([key, { written }]) => [key, [...written].map(([slot, value]) => [slot, toHex(value as Bytes)])]);
    all.push({ i, gas: execResult.executionGasUsed, refund: execResult.gasRefund, error: execResult.exceptionError?.error, data: toHex(execResult.returnValue), logs: (execResult.logs ?? []).map(([, , bytes]) => toHex(bytes)), slots });
  }
  return all;
}

test(`random programs end as the library's own loop and opcodes end them (SEED=${SEED})`, async () => {
  const common: Common = createCustomCommon({ chainId: 1, name: 'test' }, Mainnet, { hardfork: Hardfork.Osaka });
  const plainState = new OverlayStateManager();
  const expected = await outcomes(await createEVM({ common, stateManager: plainState }), plainState);
  // From here on every interpreter of this process runs our loop.
  const lane = await createLane(1n, () => null, null);
  const actual = await outcomes(lane.evm, lane.state);
  expect(actual).toEqual(expected);
  const kinds = new Set(expected.map((outcome) => (outcome as { error?: string }).error));
  expect(kinds.size).toBeGreaterThan(2);
});
