/** The demo's contract: two firms record deliveries, and nobody can confirm one twice. */
export const DELIVERIES_SOURCE = `// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

contract Deliveries {
    error AlreadyConfirmed(bytes32 delivery);

    event Confirmed(bytes32 indexed delivery, address indexed by, uint256 quantity, uint256 total);

    mapping(bytes32 => address) public confirmedBy;
    uint256 public total;

    function confirm(bytes32 delivery, uint256 quantity) external {
        if (confirmedBy[delivery] != address(0)) revert AlreadyConfirmed(delivery);
        confirmedBy[delivery] = msg.sender;
        total += quantity;
        emit Confirmed(delivery, msg.sender, quantity, total);
    }
}
`;

export interface CompiledContract {
  abi: readonly Record<string, unknown>[];
  bytecode: `0x${string}`;
}

interface SolcOutput {
  errors?: { severity: string; formattedMessage: string }[];
  contracts?: Record<string, Record<string, { abi: Record<string, unknown>[]; evm: { bytecode: { object: string } } }>>;
}

/** Compiles one Solidity source with solc. @throws Error with the compiler's own message. */
export function compileContract(name: string, source: string): CompiledContract {
  const solc = require('solc') as { compile(input: string): string };
  const input = {
    language: 'Solidity',
    sources: { [`${name}.sol`]: { content: source } },
    settings: { optimizer: { enabled: true, runs: 200 }, evmVersion: 'cancun', outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } } },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as SolcOutput;
  const errors = (output.errors ?? []).filter((error) => error.severity === 'error');
  const contract = output.contracts?.[`${name}.sol`]?.[name];
  if (errors.length > 0 || contract === undefined) {
    throw new Error(`Solidity refused ${name}: ${errors.map((error) => error.formattedMessage).join('\n')}`);
  }
  return { abi: contract.abi, bytecode: `0x${contract.evm.bytecode.object}` };
}
