import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeDeployData, encodeFunctionData, parseAbi, type Abi, type Hex } from 'viem';
import type { Bytes, GenesisAlloc } from '#ledger';
import type { TestChain } from '../testing/chain.js';
import { hex, Wallet } from '../testing/wallet.js';

/** What the execution bench executes: transactions of one kind, each sender's in the order of its nonces. */
export interface Workload {
  name: 'valueTransfers' | 'erc20Transfers' | 'recordsPuts';
  /** Before the first block that counts. */
  setUp(chain: TestChain): Promise<void>;
  transaction(n: number): Promise<Bytes>;
}

const PUT = parseAbi(['function put(bytes32 key, string uri) returns (uint64 index)']);
const RECORDS: Hex = '0x00000000000000000000000000000000005e1e03';
const BATCH = 300;

function compileToken(): { abi: Abi; bytecode: Hex } {
  const solc = require('solc') as { compile(input: string): string };
  const content = readFileSync(join(process.cwd(), 'libs/evm/testing/Contracts.sol'), 'utf8');
  const settings = { optimizer: { enabled: true }, evmVersion: 'osaka', outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } } };
  const output = JSON.parse(solc.compile(JSON.stringify({ language: 'Solidity', sources: { c: { content } }, settings }))) as {
    contracts: { c: { Token: { abi: Abi; evm: { bytecode: { object: string } } } } };
  };
  const { abi, evm } = output.contracts.c.Token;
  return { abi, bytecode: `0x${evm.bytecode.object}` };
}

/** Senders take turns; each pays one that is not the next to pay. */
function pair(wallets: readonly Wallet[], n: number): [from: Wallet, to: Wallet] {
  return [wallets[n % wallets.length] as Wallet, wallets[(n * 7 + 1) % wallets.length] as Wallet];
}

export function workloads(wallets: readonly Wallet[]): Workload[] {
  const token = compileToken();
  const owner = new Wallet('owner');
  let at: Hex = '0x';
  const transfer = (from: Wallet, to: Wallet, value: bigint): Promise<Bytes> =>
    from.sign({ to: at, gas: 100_000n, data: encodeFunctionData({ abi: token.abi, functionName: 'transfer', args: [to.account.address, value] }) });
  return [
    {
      name: 'valueTransfers',
      setUp: async () => undefined,
      transaction(n) {
        const [from, to] = pair(wallets, n);
        return from.sign({ to: to.account.address, value: 1n, gas: 21_000n });
      },
    },
    {
      name: 'erc20Transfers',
      async setUp(chain) {
        const block = await chain.commit([await owner.sign({ data: encodeDeployData({ abi: token.abi, bytecode: token.bytecode, args: [10n ** 24n] }), gas: 3_000_000n })]);
        at = hex(chain.store.results(block.header.height)?.[0]?.contractAddress ?? new Uint8Array(0));
        for (let i = 0; i < wallets.length; i += BATCH) {
          const raws: Bytes[] = [];
          for (const wallet of wallets.slice(i, i + BATCH)) raws.push(await transfer(owner, wallet, 10n ** 9n));
          await chain.commit(raws);
        }
      },
      transaction(n) {
        const [from, to] = pair(wallets, n);
        return transfer(from, to, 1n);
      },
    },
    {
      name: 'recordsPuts',
      setUp: async () => undefined,
      transaction(n) {
        const key: Hex = `0x${n.toString(16).padStart(64, '0')}`;
        return pair(wallets, n)[0].sign({ to: RECORDS, gas: 60_000n, data: encodeFunctionData({ abi: PUT, functionName: 'put', args: [key, 'ipfs://bafy-a-document-of-some-kind'] }) });
      },
    },
  ];
}

export function funded(wallets: readonly Wallet[]): GenesisAlloc[] {
  return wallets.map(({ address }) => ({ address, balance: 10n ** 18n, code: new Uint8Array(0) })).sort((a, b) => Buffer.compare(a.address, b.address));
}
