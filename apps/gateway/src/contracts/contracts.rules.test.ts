import { decodeAbiParameters, serializeTransaction, type Hex } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { compilerOf, matchCode } from './code-match.rules.js';
import { creationData } from './constructor.rules.js';
import { readDeployment } from './deployment.rules.js';

const tail = (hash: string, version = '000825'): string => `a2646970667358221220${hash.repeat(32)}64736f6c6343${version}0033`;

describe('code on the chain against code from the compiler', () => {
  const body = '6080604052';
  it.each<[string, string, string, { start: number; length: number }[], unknown]>([
    ['the same', `0x${body}fe${tail('aa')}`, `0x${body}fe${tail('aa')}`, [], { kind: 'exact' }],
    ['another metadata hash', `0x${body}fe${tail('aa')}`, `0x${body}fe${tail('bb')}`, [], { kind: 'partial' }],
    ['another hash in a contract that it creates', `0x${body}${tail('11')}fe${tail('aa')}`, `0x${body}${tail('22')}fe${tail('aa')}`, [], { kind: 'partial' }],
    ['an immutable', `0x${body}77fe`, `0x${body}00fe`, [{ start: 5, length: 1 }], { kind: 'exact' }],
    ['a library', `0x73${'ab'.repeat(20)}3014fe`, `0x73${'00'.repeat(20)}3014fe`, [], { kind: 'exact' }],
    ['another instruction', `0x${body}50fe`, `0x${body}51fe`, [], { kind: 'none', reason: expect.stringContaining('byte 5') as string }],
    ['another compiler', `0x${body}5b${tail('aa', '000814')}`, `0x${body}${tail('aa')}`, [], { kind: 'none', reason: expect.stringContaining('solc 0.8.20') as string }],
    ['nothing there', '0x', `0x${body}`, [], { kind: 'none', reason: 'there is no code at this address' }],
  ])('%s', (_name, deployed, compiled, holes, expected) => expect(matchCode(deployed, compiled, holes)).toEqual(expected));

  it('reads the compiler from the code', () => expect([compilerOf(tail('aa')), compilerOf('6000')]).toEqual(['0.8.37', null]));
});

describe('constructor arguments as JSON', () => {
  const inputs = [
    { type: 'uint256', name: 'count' }, { type: 'int8[]', name: 'list' }, { type: 'tuple', name: 'pair', components: [{ type: 'address', name: 'who' }, { type: 'bool', name: 'may' }] },
    { type: 'bytes', name: 'data' }, { type: 'string', name: 'text' },
  ];
  const abi = [{ type: 'constructor', inputs }];
  const who = `0x${'1'.repeat(40)}`;
  const big = (2n ** 200n).toString();

  it('are encoded after the code', () => {
    const data = creationData(abi, '0x6000', [big, [-1, '2'], { who, may: true }, '0x1234', 'é']);
    expect(data.startsWith('0x6000')).toBe(true);
    expect(decodeAbiParameters(inputs, `0x${data.slice(6)}`)).toEqual([2n ** 200n, [-1, 2], { who, may: true }, '0x1234', 'é']);
    expect(creationData([], '0x6000', [])).toBe('0x6000');
  });

  it.each([
    ['too few', [1]],
    ['no number', ['x', [], { who, may: true }, '0x', '']],
    ['a number that JSON has rounded', [2 ** 60, [], { who, may: true }, '0x', '']],
    ['out of range', [1, [200], { who, may: true }, '0x', '']],
    ['no list', [1, 2, { who, may: true }, '0x', '']],
    ['a field missing', [1, [], { who }, '0x', '']],
    ['no address', [1, [], { who: '0x12', may: true }, '0x', '']],
  ])('refused: %s', (_name, args) => expect(() => creationData(abi, '0x6000', args)).toThrow(expect.objectContaining({ code: 'constructor_arguments_invalid' }) as Error));
});

describe('a signed deployment', () => {
  const account = privateKeyToAccount(generatePrivateKey());
  const wanted = { evmChainId: 7, creationCode: '0x6000' };
  const sign = (more: { to?: Hex; data?: Hex; chainId?: number }): Promise<Hex> => account.signTransaction({ type: 'eip1559', chainId: 7, nonce: 3, gas: 100_000n, maxFeePerGas: 0n, data: '0x6000', ...more });

  it('is taken where it is the one that was prepared', async () => {
    expect(await readDeployment(await sign({}), wanted)).toMatchObject({ from: account.address.toLowerCase(), nonce: 3 });
  });

  it.each<[string, { to?: Hex; data?: Hex; chainId?: number }]>([['of another chain', { chainId: 8 }], ['to an account', { to: account.address }], ['with other data', { data: '0x6001' }]])('is refused %s', async (_name, more) => {
    await expect(readDeployment(await sign(more), wanted)).rejects.toMatchObject({ code: 'transaction_refused' });
  });

  it.each(['0x', '0x02', '0x1234', serializeTransaction({ type: 'eip1559', chainId: 7, data: '0x6000' })])('is refused unsigned or malformed: %s', async (raw) => {
    await expect(readDeployment(raw, wanted)).rejects.toMatchObject({ code: 'transaction_refused' });
  });
});
