import { concatHex, encodeFunctionData, hexToBytes, keccak256, parseSignature, toRlp, type Hex } from 'viem';
import { toHex, type Bytes } from '#ledger';
import { EVM_CHAIN_ID } from '../../testing/chain.js';
import { hex, Wallet } from '../../testing/wallet.js';
import { EvmError } from '../errors.js';
import { admitTransaction } from './admit.js';

const rules = { evmChainId: EVM_CHAIN_ID, txGasLimit: 1n << 24n };
const wallet = new Wallet('admit');
const to = new Wallet('someone').account.address;

function codeOf(raw: Bytes): string {
  try {
    admitTransaction(raw, rules);
  } catch (error) {
    if (error instanceof EvmError) return error.code;
    throw error;
  }
  return 'ok';
}

describe('admission', () => {
  const storageKey = `0x${'07'.repeat(32)}` as Hex;
  const accessList = [{ address: to, storageKeys: [storageKey, storageKey] }];

  test.each([
    ['legacy with EIP-155', { type: 'legacy', gasPrice: 3n, maxFeePerGas: undefined, maxPriorityFeePerGas: undefined }, 0],
    ['EIP-2930', { type: 'eip2930', gasPrice: 3n, accessList, maxFeePerGas: undefined, maxPriorityFeePerGas: undefined }, 1],
    ['EIP-1559', { type: 'eip1559', maxFeePerGas: 3n, maxPriorityFeePerGas: 1n, accessList }, 2],
  ])('%s: fields, hash and sender as viem has them', async (_name, fields, type) => {
    const raw = await wallet.sign({ ...fields, to, nonce: 300, value: 10n ** 18n, data: '0x00ff00', gas: 100_000n });
    const admitted = admitTransaction(raw, rules);
    expect(admitted).toMatchObject({ type, nonce: 300n, value: 10n ** 18n, gasLimit: 100_000n, maxFeePerGas: 3n, maxPriorityFeePerGas: type === 2 ? 1n : 3n });
    expect(hex(admitted.sender)).toBe(wallet.account.address.toLowerCase());
    expect(hex(admitted.hash)).toBe(keccak256(raw));
    expect(hex(admitted.to as Bytes)).toBe(to.toLowerCase());
    expect(toHex(admitted.data)).toBe('00ff00');
    expect(admitted.accessList).toHaveLength(type === 0 ? 0 : 1);
    // 21000, two zero bytes, one other, an address and two keys.
    expect(admitted.intrinsicGas).toBe(21_000n + 8n + 16n + (type === 0 ? 0n : 2400n + 3800n));
    expect(admitted.floorGas).toBe(21_000n + 60n);
  });

  test('a deployment has no recipient and pays for its init code by the word', async () => {
    const admitted = admitTransaction(await wallet.sign({ data: `0x${'01'.repeat(33)}` }), rules);
    expect(admitted.to).toBeNull();
    expect(admitted.intrinsicGas).toBe(21_000n + 32_000n + 33n * 16n + 4n);
  });

  test('recovers many senders', async () => {
    for (let i = 0; i < 50; i++) {
      const one = new Wallet(`many ${i}`);
      expect(hex(admitTransaction(await one.sign({ to, value: BigInt(i) }), rules).sender)).toBe(one.account.address.toLowerCase());
    }
  });

  test('types 3 and 4 are refused by name, unknown ones too', async () => {
    expect(codeOf(Uint8Array.of(3, 0xc0))).toBe('blobTransaction');
    expect(codeOf(Uint8Array.of(4, 0xc0))).toBe('setCodeTransaction');
    expect(codeOf(Uint8Array.of(5, 0xc0))).toBe('unknownTransactionType');
  });

  test.each([
    ['wrongChainId', { to, chainId: 1 }],
    ['gasLimitTooHigh', { to, gas: (1n << 24n) + 1n }],
    ['intrinsicGasTooLow', { to, gas: 20_999n }],
    ['intrinsicGasTooLow', { to, gas: 21_000n + 40n * 16n, data: `0x${'01'.repeat(40)}` }],
    ['initCodeTooLarge', { gas: 16_000_000n, data: `0x${'00'.repeat(49_153)}` }],
    ['transactionTooLarge', { to, gas: 16_000_000n, data: `0x${'00'.repeat(131_072)}` }],
  ])('%s', async (code, fields) => {
    expect(codeOf(await wallet.sign(fields))).toBe(code);
  });

  test('a tip above the fee cap is refused', async () => {
    const fields = [EVM_CHAIN_ID, 0n, 2n, 1n, 21_000n].map(integer);
    const signed = concatHex(['0x02', toRlp([...fields, to, '0x', '0x', []])]);
    const { r, s, yParity } = parseSignature(await wallet.account.sign({ hash: keccak256(signed) }));
    expect(codeOf(hexToBytes(concatHex(['0x02', toRlp([...fields, to, '0x', '0x', [], integer(BigInt(yParity)), r, s])])))).toBe('feeCapBelowTip');
  });

  test('a legacy transaction without EIP-155 could be replayed on another chain', async () => {
    const fields = [integer(0n), integer(0n), integer(21_000n), to, '0x', '0x'] as Hex[];
    const { r, s, yParity } = parseSignature(await wallet.account.sign({ hash: keccak256(toRlp(fields)) }));
    expect(codeOf(hexToBytes(toRlp([...fields, integer(27n + BigInt(yParity)), r, s])))).toBe('notReplayProtected');
  });

  test('the same signature with the upper s is refused (EIP-2), one out of range too', async () => {
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const fields = [EVM_CHAIN_ID, 0n, 0n, 0n, 21_000n].map(integer);
    const body = [...fields, to, '0x', '0x', []] as Hex[];
    const { r, s, yParity } = parseSignature(await wallet.account.sign({ hash: keccak256(concatHex(['0x02', toRlp(body)])) }));
    const typed = (parity: number, high: bigint, first: bigint): Bytes =>
      hexToBytes(concatHex(['0x02', toRlp([...body, integer(BigInt(parity)), integer(first), integer(high)])]));
    expect(codeOf(typed(yParity, BigInt(s), BigInt(r)))).toBe('ok');
    expect(codeOf(typed(1 - yParity, order - BigInt(s), BigInt(r)))).toBe('highS');
    expect(codeOf(typed(yParity, BigInt(s), order))).toBe('badSignature');
    expect(codeOf(typed(yParity, 0n, BigInt(r)))).toBe('badSignature');
  });

  test('every second way to write the same transaction is refused', async () => {
    const raw = await wallet.sign({ to, nonce: 5, data: encodeFunctionData({ abi: [{ type: 'function', name: 'f', inputs: [], outputs: [], stateMutability: 'view' }] }) });
    expect(codeOf(raw)).toBe('ok');
    expect(codeOf(Uint8Array.of(...raw, 0))).toBe('malformedTransaction');
    expect(codeOf(raw.subarray(0, raw.length - 1))).toBe('malformedTransaction');
    expect(codeOf(new Uint8Array(0))).toBe('malformedTransaction');
    const order = ['0x00', '0x0005', '0x8105'] as const;
    for (const nonce of order) {
      const fields = [integer(EVM_CHAIN_ID), nonce, '0x', '0x', integer(21_000n), to, '0x', '0x', [], '0x', integer(1n), integer(1n)] as Hex[];
      if (nonce !== '0x8105') expect(codeOf(hexToBytes(concatHex(['0x02', toRlp(fields)])))).toBe('malformedTransaction');
    }
    // A single byte below 0x80 wrapped in a string of length one.
    expect(codeOf(Uint8Array.of(2, 0xc2, 0x81, 0x05))).toBe('malformedTransaction');
    // A long form where the short one would do.
    expect(codeOf(Uint8Array.of(2, 0xf8, 0x01, 0x80))).toBe('malformedTransaction');
  });
});

function integer(value: bigint): Hex {
  if (value === 0n) return '0x';
  const digits = value.toString(16);
  return `0x${digits.length % 2 === 0 ? digits : `0${digits}`}`;
}
