import { OP, push } from '../../bench/assembler.js';
import { openTestChain, type TestChain } from '../../testing/chain.js';

const [JUMP, RETURN, REVERT, INVALID] = [0x56, 0xf3, 0xfd, 0xfe];

describe('why a call failed, in Geth’s words', () => {
  let chain: TestChain;
  beforeAll(async () => (chain = await openTestChain({})));
  afterAll(() => chain.close());

  it.each([
    ['a jump to nowhere', [...push(7), JUMP], 'invalid jump destination'],
    ['no opcode', [INVALID], 'invalid opcode'],
    ['code that begins with 0xef', [...push(0xef), OP.PUSH0, 0x53, ...push(1), OP.PUSH0, RETURN], 'invalid code: must not begin with 0xef'],
    ['code that is too large', [0x61, 0x60, 0x01, OP.PUSH0, RETURN], 'max code size exceeded'],
    ['a revert', [OP.PUSH0, OP.PUSH0, REVERT], 'execution reverted'],
  ])('%s', async (_name, code, message) => {
    expect(await chain.executor.call({ data: Uint8Array.from(code) })).toMatchObject({ ok: false, message });
  });
});
