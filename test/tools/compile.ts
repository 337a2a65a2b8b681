import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Abi, Hex } from 'viem';

export interface Compiled {
  abi: Abi;
  bytecode: Hex;
}

interface SolcOutput {
  errors?: { severity: string; formattedMessage: string }[];
  contracts?: Record<string, Record<string, { abi: Abi; evm: { bytecode: { object: string } } }>>;
}

export const CONTRACTS = join(__dirname, 'contracts');
const FILLING_BYTES = 24_300;
let compiled: Map<string, Compiled> | undefined;

/** Large.sol with as much text as fits. */
export const largeSource = (): string => readFileSync(join(CONTRACTS, 'Large.sol'), 'utf8').replace('FILLING', 'x'.repeat(FILLING_BYTES));

/** A contract of `contracts/`, all compiled together with OpenZeppelin's. @throws Error with the compiler's own message. */
export function contractOf(name: string): Compiled {
  compiled ??= compileAll();
  const found = compiled.get(name);
  if (found === undefined) throw new Error(`there is no contract ${name}`);
  return found;
}

function compileAll(): Map<string, Compiled> {
  const solc = require('solc') as { compile(input: string, callbacks: { import(path: string): { contents: string } | { error: string } }): string };
  const sources = Object.fromEntries(readdirSync(CONTRACTS).map((file) => [file, { content: file === 'Large.sol' ? largeSource() : readFileSync(join(CONTRACTS, file), 'utf8') }]));
  const settings = { optimizer: { enabled: true, runs: 200 }, evmVersion: 'osaka', outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } } };
  const imported = (path: string): { contents: string } | { error: string } => {
    try {
      return { contents: readFileSync(require.resolve(path), 'utf8') };
    } catch (error) {
      return { error: String(error) };
    }
  };
  const output = JSON.parse(solc.compile(JSON.stringify({ language: 'Solidity', sources, settings }), { import: imported })) as SolcOutput;
  const errors = (output.errors ?? []).filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(errors.map(({ formattedMessage }) => formattedMessage).join('\n'));
  return new Map(Object.values(output.contracts ?? {}).flatMap((file) => Object.entries(file).map(([name, { abi, evm }]): [string, Compiled] => [name, { abi, bytecode: `0x${evm.bytecode.object}` }])));
}
