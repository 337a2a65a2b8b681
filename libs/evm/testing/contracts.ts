import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Abi, Hex } from 'viem';

export interface CompiledContract {
  abi: Abi;
  bytecode: Hex;
  runtime: Hex;
}

interface SolcContract {
  abi: Abi;
  evm: { bytecode: { object: string }; deployedBytecode: { object: string } };
}
interface SolcOutput {
  errors?: { severity: string; formattedMessage: string }[];
  contracts: Record<string, Record<string, SolcContract>>;
}

/** Compiles one of the Solidity files beside this one, which may import `IRecords.sol`. @throws Error with the compiler's own message. */
export function compile(file: string): Record<string, CompiledContract> {
  const solc = require('solc') as { compile(input: string): string };
  const input = {
    language: 'Solidity',
    sources: { [file]: { content: readFileSync(join(__dirname, file), 'utf8') }, 'IRecords.sol': { content: readFileSync(join(__dirname, '../../../contracts/IRecords.sol'), 'utf8') } },
    settings: { optimizer: { enabled: true }, evmVersion: 'osaka', outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] } } },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as SolcOutput;
  const errors = (output.errors ?? []).filter((error) => error.severity === 'error');
  if (errors.length > 0) throw new Error(errors.map((error) => error.formattedMessage).join('\n'));
  return Object.fromEntries(
    Object.entries(output.contracts[file] ?? {}).map(([name, { abi, evm }]) => [
      name,
      { abi, bytecode: `0x${evm.bytecode.object}` as Hex, runtime: `0x${evm.deployedBytecode.object}` as Hex },
    ]),
  );
}
