import { encodeDeployData, encodeFunctionData, getContractAddress, type Hex } from 'viem';
import type { GenesisAlloc } from '#ledger';
import { OP, push } from '../bench/assembler.js';
import { precompileInputs } from '../bench/precompile-inputs.js';
import { numbers } from './churn.js';
import { compile } from './contracts.js';
import { hex, Wallet } from './wallet.js';

/** Blocks to be executed somewhere else, as JSON: what genesis has beside the usual, and signed transactions. */
export interface Recording {
  alloc: { address: Hex; balance: string; code: Hex }[];
  blocks: Hex[][];
}

const RECORDS: Hex = '0x00000000000000000000000000000000005e1e03';
const FORWARDER: Hex = `0x${'f0'.repeat(20)}`;
const PROGRAMS = 24;
const programAt = (n: number): Hex => `0x${'a0'.repeat(19)}${n.toString(16).padStart(2, '0')}`;
const [SUB, XOR, RETURNDATASIZE, DUP3] = [0x03, 0x18, 0x3d, 0x82];
/** From two to three words make one, whatever they are. */
const ARITHMETIC = [OP.ADD, OP.MUL, SUB, OP.DIV, OP.SDIV, OP.MOD, OP.SMOD, OP.EXP, OP.SIGNEXTEND, OP.LT, 0x11, 0x12, 0x13, 0x14, 0x16, 0x17, XOR, OP.BYTE, OP.SHL, 0x1c, OP.SAR];

/** Adds what is on the stack to slot 0. */
const KEEP = [OP.PUSH0, OP.SLOAD, OP.ADD, OP.PUSH0, OP.SSTORE];

/** Calls the address of word 0 with what follows, and keeps whether it succeeded and the hash of what came back. */
const forwarder = Uint8Array.from([
  ...push(32), OP.CALLDATASIZE, SUB, OP.DUP1, ...push(32), OP.PUSH0, OP.CALLDATACOPY,
  OP.PUSH0, OP.PUSH0, DUP3, OP.PUSH0, OP.PUSH0, OP.CALLDATALOAD, ...push(8_000_000), OP.STATICCALL,
  RETURNDATASIZE, OP.PUSH0, OP.PUSH0, OP.RETURNDATACOPY, RETURNDATASIZE, OP.PUSH0, OP.KECCAK256, OP.ADD, OP.ADD, ...KEEP, OP.STOP,
]);

/** A long random calculation on call data, block and code, in memory, transient and lasting storage. */
function program(next: (below: number) => number): Uint8Array {
  const word = (): number[] => {
    const bytes = [1, 2, 8, 16, 31, 32][next(6)] as number;
    return [0x5f + bytes, ...Array.from({ length: bytes }, () => (next(3) === 0 ? 0xff : next(256)))];
  };
  const source = (): number[] => [word, word, (): number[] => [OP.PUSH0, OP.CALLDATALOAD], (): number[] => [[0x42, 0x43, 0x44, 0x45, 0x46, OP.GAS, OP.SELFBALANCE, 0x33][next(8)] as number], (): number[] => [...push(next(300)), OP.BLOCKHASH]][next(5)]?.() ?? word();
  const code: number[] = [...word()];
  for (let i = 0; i < 60; i++) {
    code.push(...source(), ARITHMETIC[next(ARITHMETIC.length)] as number);
    if (next(8) === 0) code.push(...word(), ...word(), next(2) === 0 ? OP.ADDMOD : OP.MULMOD);
    if (next(6) === 0) code.push(OP.DUP1, ...push(next(200)), OP.MSTORE, ...push(1 + next(300)), ...push(next(64)), OP.KECCAK256, XOR);
    if (next(9) === 0) code.push(OP.DUP1, ...push(next(3)), OP.TSTORE, ...push(next(3)), OP.TLOAD, XOR);
    if (next(12) === 0) code.push(OP.DUP1, ...push(1 + next(4)), OP.SSTORE);
  }
  return Uint8Array.from([...code, ...KEEP, OP.STOP]);
}

/** Everything that a transaction may do, in an order that follows from the seed. */
export async function record(seed: number, count: number): Promise<Recording> {
  const next = numbers(seed);
  const wallets = Array.from({ length: 6 }, (_, i) => new Wallet(`varied ${i}`));
  const [{ Token, Probe }, { Recorder }] = [compile('Contracts.sol'), compile('Recorder.sol')];
  if (Token === undefined || Probe === undefined || Recorder === undefined) throw new Error('a contract is missing');
  const [deployer] = wallets as [Wallet];
  const created = (nonce: bigint): Hex => getContractAddress({ from: deployer.account.address, nonce });
  const [token, probe, recorder] = [created(0n), created(1n), created(2n)];
  const pick = <T>(from: readonly T[]): T => from[next(from.length)] as T;
  const key = (): Hex => `0x${next(12).toString(16).padStart(64, '0')}`;
  const probeCall = (functionName: string, args: readonly unknown[] = []): object => ({ to: probe, data: encodeFunctionData({ abi: Probe.abi, functionName, args }) });
  const recordedBy = (functionName: string, args: readonly unknown[]): object => ({ to: recorder, data: encodeFunctionData({ abi: Recorder.abi, functionName, args }) });
  const inputs = precompileInputs().filter(({ input, name }) => input.length <= 6000 && !name.includes('100,000'));
  const kinds: (() => object)[] = [
    () => ({ to: token, data: encodeFunctionData({ abi: Token.abi, functionName: 'transfer', args: [pick(wallets).account.address, BigInt(next(400))] }) }),
    () => ({ to: programAt(next(PROGRAMS)), data: key(), value: BigInt(next(3)) }),
    () => ({ to: programAt(next(PROGRAMS)), data: `0x${'ff'.repeat(32)}`, gas: BigInt(22_300 + next(40_000)) }),
    () => {
      const { address, input } = pick(inputs);
      return { to: FORWARDER, data: `0x${address.toString(16).padStart(64, '0')}${hex(input).slice(2)}`, gas: 12_000_000n };
    },
    () => ({ to: FORWARDER, data: `0x${(1 + next(18)).toString(16).padStart(64, '0')}${'9c'.repeat(next(300))}` }),
    () => probeCall('fill', [BigInt(next(20)), BigInt(20 + next(20))]), () => probeCall('clear', [BigInt(next(10)), BigInt(10 + next(20))]),
    () => probeCall('fail', ['why not']), () => probeCall('panic'), () => probeCall('tryInner'), () => probeCall('see'), () => probeCall('create2', [key(), BigInt(next(3))]),
    () => ({ ...probeCall('flash'), value: 1n }), () => ({ ...probeCall('burn', [BigInt(next(60))]), gas: BigInt(30_000 + next(150_000)) }), () => ({ ...probeCall('dive', [0n]), gas: BigInt(100_000 + next(400_000)) }),
    () => ({ to: RECORDS, data: encodeFunctionData({ abi: RECORDS_ABI, functionName: 'put', args: [key(), 'x'.repeat(next(80))] }) }),
    () => ({ to: RECORDS, data: encodeFunctionData({ abi: RECORDS_ABI, functionName: 'putBatch', args: [[key(), key()], ['a', 'b']] }), gas: BigInt(40_000 + next(30_000)) }),
    () => recordedBy('anchor', [key(), 'from a contract']), () => recordedBy('anchorAround', [key()]), () => recordedBy('refused', [BigInt(next(5)), key()]),
    () => ({ to: pick(wallets).account.address, value: BigInt(next(1000)) }), () => ({ to: key().replace(/^0x0{24}/, '0x') as Hex, value: BigInt(next(2)) }),
    () => ({ type: 'eip2930', gasPrice: 0n, maxFeePerGas: undefined, maxPriorityFeePerGas: undefined, accessList: [{ address: token, storageKeys: [key(), key()] }], to: token, data: '0x' }),
    () => ({ type: 'legacy', gasPrice: 7n, maxFeePerGas: undefined, maxPriorityFeePerGas: undefined, data: `0x600a600c600039600a6000f3${'60aa60005260206000f3'}` }),
  ];
  const first = [
    await deployer.sign({ data: encodeDeployData({ abi: Token.abi, bytecode: Token.bytecode, args: [10n ** 24n] }), gas: 3_000_000n }),
    await deployer.sign({ data: Probe.bytecode, gas: 5_000_000n }), await deployer.sign({ data: Recorder.bytecode, value: 5n, gas: 3_000_000n }),
  ];
  const blocks = [first.map(hex)];
  // Each precompile once for sure.
  blocks.push((await Promise.all(inputs.map(({ address, input }) => deployer.sign({ to: FORWARDER, data: `0x${address.toString(16).padStart(64, '0')}${hex(input).slice(2)}`, gas: 16_000_000n })))).map(hex));
  for (let i = 0; i < count; i++) {
    const raws: Hex[] = [];
    for (let n = 1 + next(16); n > 0; n--) raws.push(hex(await pick(wallets).sign({ gas: 2_000_000n, ...pick(kinds)() })));
    blocks.push(raws);
  }
  const rich = wallets.map(({ account }) => ({ address: account.address, balance: '1000000000', code: '0x' as Hex }));
  const programs = Array.from({ length: PROGRAMS }, (_, n) => ({ address: programAt(n), balance: '0', code: hex(program(next)) }));
  return { alloc: [...rich, { address: FORWARDER, balance: '0', code: hex(forwarder) }, ...programs], blocks };
}

const RECORDS_ABI = [
  { type: 'function', name: 'put', stateMutability: 'nonpayable', inputs: [{ name: 'key', type: 'bytes32' }, { name: 'uri', type: 'string' }], outputs: [{ name: '', type: 'uint64' }] },
  { type: 'function', name: 'putBatch', stateMutability: 'nonpayable', inputs: [{ name: 'keys', type: 'bytes32[]' }, { name: 'uris', type: 'string[]' }], outputs: [{ name: '', type: 'uint64[]' }] },
] as const;

export function allocOf({ alloc }: Recording): GenesisAlloc[] {
  const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.slice(2), 'hex'));
  return alloc.map(({ address, balance, code }) => ({ address: bytes(address), balance: BigInt(balance), code: bytes(code) })).sort((a, b) => Buffer.compare(a.address, b.address));
}
