import { encodeErrorResult, hexToBytes, parseAbi, type Hex } from 'viem';
import { revertMessage, revertReason } from './revert.js';

const abi = parseAbi(['error Error(string)', 'error Panic(uint256)', 'error TooSmall(uint256 given, uint256 least)']);
const bytes = (hex: Hex): Uint8Array => hexToBytes(hex);
const word = (value: bigint): string => value.toString(16).padStart(64, '0');

describe('reason of a revert, in the words of Geth', () => {
  const table: { describe: string; data: Hex; message: string }[] = [
    { describe: 'nothing returned', data: '0x', message: 'execution reverted' },
    { describe: 'Error(string)', data: encodeErrorResult({ abi, errorName: 'Error', args: ['zu wenig: 3 €'] }), message: 'execution reverted: zu wenig: 3 €' },
    { describe: 'Error("")', data: encodeErrorResult({ abi, errorName: 'Error', args: [''] }), message: 'execution reverted: ' },
    { describe: 'Panic(0x11)', data: encodeErrorResult({ abi, errorName: 'Panic', args: [0x11n] }), message: 'execution reverted: arithmetic underflow or overflow' },
    { describe: 'a panic that nobody knows', data: encodeErrorResult({ abi, errorName: 'Panic', args: [0x99n] }), message: 'execution reverted: unknown panic code: 0x99' },
    { describe: 'a custom error', data: encodeErrorResult({ abi, errorName: 'TooSmall', args: [1n, 2n] }), message: 'execution reverted' },
    { describe: 'fewer bytes than a selector', data: '0x08c379', message: 'execution reverted' },
    { describe: 'Error(string) whose offset points outside', data: `0x08c379a0${word(640n)}${word(1n)}`, message: 'execution reverted' },
    { describe: 'Error(string) whose offset is no index', data: `0x08c379a0${word(1n << 200n)}`, message: 'execution reverted' },
    { describe: 'Error(string) whose text is cut off', data: `0x08c379a0${word(32n)}${word(40n)}${word(0n)}`, message: 'execution reverted' },
    { describe: 'Panic without its code', data: '0x4e487b71', message: 'execution reverted' },
  ];
  it.each(table)('$describe', ({ data, message }) => expect(revertMessage(bytes(data))).toBe(message));

  it('reads bytes that are a view into others', () => {
    const data = bytes(encodeErrorResult({ abi, errorName: 'Error', args: ['viewed'] }));
    const padded = new Uint8Array(data.length + 7);
    padded.set(data, 7);
    expect(revertReason(padded.subarray(7))).toBe('viewed');
  });
});
