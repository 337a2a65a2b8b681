import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hex } from 'viem';

interface SolcOutput {
  errors?: { severity: string; formattedMessage: string }[];
  contracts: Record<string, Record<string, { evm: { bytecode: { object: string } } }>>;
}

/** Written out, so that clients know the types. */
export const PROBE_ABI = [
  { type: 'constructor', stateMutability: 'payable', inputs: [{ name: 'initial', type: 'uint256' }] },
  { type: 'error', name: 'TooSmall', inputs: [{ name: 'given', type: 'uint256' }, { name: 'least', type: 'uint256' }] },
  { type: 'event', name: 'Stored', inputs: [{ name: 'who', type: 'address', indexed: true }, { name: 'value', type: 'uint256', indexed: true }, { name: 'note', type: 'string', indexed: false }] },
  { type: 'function', name: 'value', stateMutability: 'view', inputs: [], outputs: [{ name: '', type: 'uint256' }] },
  { type: 'function', name: 'store', stateMutability: 'nonpayable', inputs: [{ name: 'next', type: 'uint256' }, { name: 'note', type: 'string' }], outputs: [{ name: 'previous', type: 'uint256' }] },
  { type: 'function', name: 'refuse', stateMutability: 'pure', inputs: [], outputs: [] },
  { type: 'function', name: 'atLeast', stateMutability: 'pure', inputs: [{ name: 'given', type: 'uint256' }], outputs: [{ name: '', type: 'bool' }] },
  { type: 'function', name: 'divide', stateMutability: 'view', inputs: [{ name: 'by', type: 'uint256' }], outputs: [{ name: '', type: 'uint256' }] },
  { type: 'function', name: 'storeOrRefuse', stateMutability: 'nonpayable', inputs: [{ name: 'next', type: 'uint256' }], outputs: [] },
  {
    type: 'function', name: 'environment', stateMutability: 'view', inputs: [],
    outputs: [{ name: 'number', type: 'uint256' }, { name: 'timestamp', type: 'uint256' }, { name: 'randao', type: 'uint256' }, { name: 'price', type: 'uint256' }, { name: 'below', type: 'bytes32' }],
  },
] as const;

/** Compiles Probe.sol. @throws Error with the compiler's own message. */
export function probeBytecode(): Hex {
  const solc = require('solc') as { compile(input: string): string };
  const input = {
    language: 'Solidity',
    sources: { 'Probe.sol': { content: readFileSync(join(__dirname, 'Probe.sol'), 'utf8') } },
    settings: { evmVersion: 'osaka', outputSelection: { '*': { '*': ['evm.bytecode.object'] } } },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as SolcOutput;
  const error = output.errors?.find(({ severity }) => severity === 'error');
  if (error !== undefined) throw new Error(error.formattedMessage);
  return `0x${output.contracts['Probe.sol']?.['Probe']?.evm.bytecode.object ?? ''}`;
}
