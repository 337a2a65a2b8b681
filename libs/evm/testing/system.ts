import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeErrorResult, decodeFunctionResult, encodeFunctionData, hexToBytes, type Abi, type Hex } from 'viem';
import { bindingSignBytes, fromHex, genesisHash, sign, type Bytes, type KeyPair } from '#ledger';
import type { TestChain } from './chain.js';
import { hex, type Wallet } from './wallet.js';

export interface SystemArtifact {
  address: Hex;
  runtime: Hex;
  abi: Abi;
  storage: { label: string; slot: string; offset: number }[];
  structs: { label: string; members: { label: string; slot: string; offset: number }[] }[];
}

const artifact = (name: string): SystemArtifact => JSON.parse(readFileSync(join(__dirname, '..', '..', '..', 'contracts', 'artifacts', `${name}.json`), 'utf8')) as SystemArtifact;
export const CONSORTIUM = artifact('Consortium');
export const PERMISSIONS = artifact('Permissions');

/** Calls and transactions of the system contracts on a test chain. */
export class SystemCaller {
  constructor(private readonly chain: TestChain) {}

  /** Answers what a view answers. @throws Error with the name of the contract's error. */
  async read(contract: SystemArtifact, functionName: string, args: readonly unknown[] = [], from?: Bytes): Promise<unknown> {
    const data = encodeFunctionData({ abi: contract.abi, functionName, args });
    const result = await this.chain.executor.call({ to: fromHex(contract.address), data: hexToBytes(data), ...(from === undefined ? {} : { from }) });
    if (!result.ok) throw new Error(errorName(contract, hex(result.returnData)) ?? result.message);
    return decodeFunctionResult({ abi: contract.abi, functionName, data: hex(result.returnData) });
  }

  raw(wallet: Wallet, contract: SystemArtifact, functionName: string, args: readonly unknown[]): Promise<Bytes> {
    return wallet.sign({ to: contract.address, data: encodeFunctionData({ abi: contract.abi, functionName, args }), gas: 4_000_000n });
  }

  /** One transaction, one block. Answers the name of the error with which it reverted, or null. */
  async send(wallet: Wallet, contract: SystemArtifact, functionName: string, args: readonly unknown[]): Promise<string | null> {
    const block = await this.chain.commit([await this.raw(wallet, contract, functionName, args)]);
    const result = this.chain.store.results(block.header.height)?.[0];
    if (result === undefined) throw new Error('the block has no result');
    return result.status === 1 ? null : (errorName(contract, hex(result.revertData)) ?? 'failed without a reason');
  }

  /** A proposal by the first, with the votes of the others. Answers the first error. */
  async decide(wallets: readonly Wallet[], functionName: string, args: readonly unknown[]): Promise<string | null> {
    const [first, ...others] = wallets;
    if (first === undefined) throw new Error('nobody proposes');
    const refused = await this.send(first, CONSORTIUM, 'propose', [encodeFunctionData({ abi: CONSORTIUM.abi, functionName, args })]);
    if (refused !== null) return refused;
    const id = await this.read(CONSORTIUM, 'proposalCount');
    for (const other of others) {
      const error = await this.send(other, CONSORTIUM, 'vote', [id, true]);
      if (error !== null) return error;
    }
    return null;
  }

  /** What a node's key signs to be registered (no height), activated or put in another's place (a recent height). */
  binding(key: KeyPair, member: number, height = 0n): Hex {
    const hash = genesisHash(this.chain.genesis);
    const blockHash = this.chain.store.blockHashAt(height);
    if (blockHash === null) throw new Error(`block ${height} is not there`);
    return hex(sign(key.privateKey, bindingSignBytes(hash, { member, publicKey: key.publicKey, height, blockHash })));
  }
}

function errorName({ abi }: SystemArtifact, data: Hex): string | null {
  if (data === '0x') return null;
  for (const known of [abi, PERMISSIONS.abi]) {
    try {
      return decodeErrorResult({ abi: known, data }).errorName;
    } catch {
      continue;
    }
  }
  return `unknown error ${data.slice(0, 10)}`;
}
