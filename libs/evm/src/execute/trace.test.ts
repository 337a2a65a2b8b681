import { toHex, type Bytes } from '#ledger';
import { OP, push } from '../../bench/assembler.js';
import { openTestChain, type TestChain } from '../../testing/chain.js';
import { hex, Wallet } from '../../testing/wallet.js';
import type { CallFrame } from './call-frame.js';

const address = (n: number): Bytes => new Uint8Array(20).fill(n);
const [TOP, CALLED, LIBRARY, REVERTS] = [address(0xa1), address(0xa2), address(0xa3), address(0xa4)] as [Bytes, Bytes, Bytes, Bytes];
const SHA256 = new Uint8Array(20).fill(2, 19);
const to = (at: Bytes): number[] => [0x73, ...at];
const [REVERT, RETURN, CALLCODE] = [0xfd, 0xf3, 0xf2];
/** A call of no data and no answer; the value stands where the opcode takes one. */
const call = (opcode: number, at: Bytes, value?: number): number[] => [OP.PUSH0, OP.PUSH0, OP.PUSH0, OP.PUSH0, ...(value === undefined ? [] : push(value)), ...to(at), OP.GAS, opcode, OP.POP];

const code = {
  /** Calls another with value, which calls on; then one by each other kind, a revert among them, and a creation that fails. */
  top: [
    ...call(OP.CALL, CALLED, 5), ...call(OP.STATICCALL, LIBRARY), ...call(OP.DELEGATECALL, LIBRARY), ...call(CALLCODE, LIBRARY, 0), ...call(OP.CALL, REVERTS, 0), ...call(OP.CALL, SHA256, 0),
    ...push(0xfe), OP.PUSH0, 0x53, ...push(1), OP.PUSH0, OP.PUSH0, OP.CREATE, OP.POP, ...push(7), ...push(0), OP.PUSH0, OP.PUSH0, OP.CREATE2, OP.POP, OP.STOP,
  ],
  called: [...call(OP.STATICCALL, LIBRARY), OP.STOP],
  library: [...push(1), OP.PUSH0, 0x53, ...push(1), OP.PUSH0, RETURN],
  reverts: [...push(0xee), OP.PUSH0, 0x53, ...push(1), OP.PUSH0, REVERT],
};

/** One line for each frame. */
function lines(frame: CallFrame, depth = 0): string[] {
  const told = `${'  '.repeat(depth)}${frame.type} ${toHex(frame.from).slice(0, 4)} → ${frame.to === null ? 'none' : toHex(frame.to).slice(0, 4)} ${frame.value ?? '-'} [${toHex(frame.output).slice(0, 8)}]${frame.error === null ? '' : ` ${frame.error}`}`;
  return [told, ...frame.calls.flatMap((inner) => lines(inner, depth + 1))];
}

describe('the calls of a transaction', () => {
  let chain: TestChain;
  const wallet = new Wallet('traces');
  beforeAll(async () => {
    const alloc = [[TOP, code.top, 100n], [CALLED, code.called, 0n], [LIBRARY, code.library, 0n], [REVERTS, code.reverts, 0n]] as const;
    chain = await openTestChain({ alloc: alloc.map(([at, bytes, balance]) => ({ address: at, balance, code: Uint8Array.from(bytes) })) });
    await chain.commit([await wallet.sign({ to: hex(LIBRARY), gas: 60_000n }), await wallet.sign({ to: hex(TOP), gas: 5_000_000n }), await wallet.sign({ to: hex(REVERTS), gas: 60_000n })]);
  });
  afterAll(() => chain.close());

  it('are told in order, each with its kind, and with what came back', async () => {
    const [frame] = (await chain.executor.trace(1n, 1, { onlyTopCall: false })) as [CallFrame];
    const sender = toHex(frame.from).slice(0, 4);
    expect(lines(frame)).toEqual([
      `CALL ${sender} → a1a1 0 []`,
      '  CALL a1a1 → a2a2 5 []',
      '    STATICCALL a2a2 → a3a3 - [01]',
      '  STATICCALL a1a1 → a3a3 - [01]',
      '  DELEGATECALL a1a1 → a3a3 0 [01]',
      '  CALLCODE a1a1 → a3a3 0 [01]',
      '  CALL a1a1 → a4a4 0 [ee] execution reverted',
      '  CALL a1a1 → 0000 0 [e3b0c442]',
      '  CREATE a1a1 → none 0 [] invalid opcode',
      `  CREATE2 a1a1 → ${toHex(frame.calls.at(-1)?.to ?? new Uint8Array(0)).slice(0, 4)} 0 []`,
    ]);
    expect(frame.calls.at(-1)?.to).toHaveLength(20);
    expect([frame.gas, frame.gasUsed]).toEqual([5_000_000n, chain.store.results(1n)?.[1]?.gasUsed]);
    expect(frame.calls[0]?.gasUsed).toBeGreaterThan(frame.calls[0]?.calls[0]?.gasUsed ?? 0n);
  });

  it('of a whole block, or of the top only', async () => {
    const frames = await chain.executor.trace(1n, null, { onlyTopCall: true });
    expect(frames.map(({ calls, error }) => [calls.length, error])).toEqual([[0, null], [0, null], [0, 'execution reverted']]);
    expect(frames.map(({ gasUsed }) => gasUsed)).toEqual(chain.store.results(1n)?.map(({ gasUsed }) => gasUsed));
  });

  it('leave nothing behind: the same again, and the next block as if nobody had looked', async () => {
    const twice = [await chain.executor.trace(1n, 1, { onlyTopCall: false }), await chain.executor.trace(1n, 1, { onlyTopCall: false })];
    expect(twice[0]).toEqual(twice[1]);
    await chain.commit([await wallet.sign({ to: hex(TOP), gas: 5_000_000n })]);
    const [frame] = (await chain.executor.trace(2n, 0, { onlyTopCall: false })) as [CallFrame];
    // CREATE2 to an address that is taken by now.
    expect(frame.calls.at(-1)).toMatchObject({ type: 'CREATE2', to: null, error: 'create collision' });
    await expect(chain.executor.trace(9n, null, { onlyTopCall: false })).rejects.toMatchObject({ code: 'unknownHeight' });
  });
});
