import { toHex, type Bytes } from '#ledger';
import { OP, push } from '../../bench/assembler.js';
import { openTestChain, type TestChain } from '../../testing/chain.js';
import { hex, Wallet } from '../../testing/wallet.js';
import type { CallFrame } from './call-frame.js';

const address = (n: number): Bytes => new Uint8Array(20).fill(n);
const [TOP, CALLED, LIBRARY, REVERTS, LOGS, LOST, ENDS, WASTES] = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => address(0xa0 + n)) as [Bytes, Bytes, Bytes, Bytes, Bytes, Bytes, Bytes, Bytes];
const SHA256 = new Uint8Array(20).fill(2, 19);
const to = (at: Bytes): number[] => [0x73, ...at];
const [REVERT, RETURN, CALLCODE, LOG0, LOG1, SELFDESTRUCT] = [0xfd, 0xf3, 0xf2, 0xa0, 0xa1, 0xff];
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
  /** A log before any call; one that is lost with its frame; a contract that ends with what it was given; a last log. */
  logs: [
    ...push(0xee), OP.PUSH0, 0x53, ...push(9), ...push(1), OP.PUSH0, LOG1, ...call(OP.CALL, LOST, 0), ...call(OP.DELEGATECALL, LIBRARY), ...call(OP.CALL, ENDS, 5), OP.PUSH0, OP.PUSH0, LOG0, OP.STOP,
  ],
  lost: [OP.PUSH0, OP.PUSH0, LOG0, ...call(OP.CALL, LIBRARY, 0), OP.PUSH0, OP.PUSH0, REVERT],
  ends: [...to(CALLED), SELFDESTRUCT],
  /** Calls with 64 KiB, again and again, until the gas is gone. */
  wastes: [0x5b, OP.PUSH0, OP.PUSH0, 0x62, 1, 0, 0, OP.PUSH0, OP.PUSH0, ...to(LIBRARY), OP.GAS, OP.CALL, OP.POP, OP.PUSH0, 0x56],
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
    const alloc = [[TOP, code.top, 100n], [CALLED, code.called, 0n], [LIBRARY, code.library, 0n], [REVERTS, code.reverts, 0n], [LOGS, code.logs, 50n], [LOST, code.lost, 0n], [ENDS, code.ends, 0n], [WASTES, code.wastes, 0n]] as const;
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
    expect(frame.calls.at(-1)).toMatchObject({ type: 'CREATE2', to: null, error: 'contract address collision' });
    await expect(chain.executor.trace(9n, null, { onlyTopCall: false })).rejects.toMatchObject({ code: 'unknownHeight' });
  });

  it('tell their logs where they are asked for, each behind the calls before it, and contracts that end', async () => {
    const { header } = await chain.commit([await wallet.sign({ to: hex(LOGS), gas: 500_000n }), await wallet.sign({ to: hex(LOST), gas: 500_000n })]);
    const [plain] = (await chain.executor.trace(header.height, 0, { onlyTopCall: false })) as [CallFrame];
    const [frame, lost] = (await chain.executor.trace(header.height, null, { onlyTopCall: false, withLog: true })) as [CallFrame, CallFrame];
    expect(lines(frame).slice(1)).toEqual([
      '  CALL a5a5 → a6a6 0 [] execution reverted', '    CALL a6a6 → a3a3 0 [01]', '  DELEGATECALL a5a5 → a3a3 0 [01]', '  CALL a5a5 → a7a7 5 []', '    SELFDESTRUCT a7a7 → a2a2 5 []',
    ]);
    expect(lines(plain)).toEqual(lines(frame));
    expect(frame.logs.map(({ address: at, topics, data, position, index }) => [toHex(at), topics.map(toHex), toHex(data), position, index])).toEqual([
      [toHex(LOGS), [`${'00'.repeat(31)}09`], 'ee', 0, 0], [toHex(LOGS), [], '', 3, 1],
    ]);
    expect([plain.logs, frame.calls[0]?.logs, lost.logs]).toEqual([[], [], []]);
    expect(frame.logs.map(({ address: at, topics, data }) => ({ address: at, topics, data }))).toEqual(chain.store.results(header.height)?.[0]?.logs.map((log) => ({ ...log })));
    const [top] = (await chain.executor.trace(header.height, 0, { onlyTopCall: true, withLog: true })) as [CallFrame];
    expect([top.logs.map(({ index }) => index), top.calls]).toEqual([[0, 1], []]);
  });

  it('hold only so much, whatever a transaction calls with', async () => {
    const { header } = await chain.commit([await wallet.sign({ to: hex(WASTES), gas: 500_000n })]);
    await expect(chain.executor.trace(header.height, 0, { onlyTopCall: false })).rejects.toMatchObject({ code: 'traceTooLarge' });
    await expect(chain.executor.trace(header.height, 0, { onlyTopCall: true })).resolves.toMatchObject([{ error: 'out of gas', calls: [] }]);
  });
});
