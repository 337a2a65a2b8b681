/**
 * ERC-20 transfers per second of one core, without consensus: admission, execution, the state tree and the commit apart; THREADS=1
 * executes on a thread of its own.
 * Run: npx esbuild libs/evm/bench/erc20.ts --bundle --platform=node --packages=external --conditions=stele:src --outfile=dist/bench/erc20.cjs && node dist/bench/erc20.cjs
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { encodeDeployData, encodeFunctionData, type Abi, type Hex } from 'viem';
import { isMainThread } from 'node:worker_threads';
import type { Bytes } from '#ledger';
import { createExecutor, serveExecution } from '../src/index.js';
import { blockOf, certificateOf, openTestChain } from '../testing/chain.js';
import { hex, Wallet } from '../testing/wallet.js';

const ACCOUNTS = Number(process.env['ACCOUNTS'] ?? 200);
const BLOCKS = Number(process.env['BLOCKS'] ?? 12);
const PER_BLOCK = Number(process.env['PER_BLOCK'] ?? 400);

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

async function main(): Promise<void> {
  const { abi, bytecode } = compileToken();
  const chain = await openTestChain();
  const owner = new Wallet('owner');
  await chain.commit([await owner.sign({ data: encodeDeployData({ abi, bytecode, args: [10n ** 18n] }) })]);
  const token = chain.store.results(1n)?.[0]?.contractAddress as Bytes;
  const transfer = (to: Wallet, from: Wallet, value: bigint): Promise<Bytes> =>
    from.sign({ to: hex(token), gas: 100_000n, data: encodeFunctionData({ abi, functionName: 'transfer', args: [to.account.address, value] }) });
  const wallets = Array.from({ length: ACCOUNTS }, (_, i) => new Wallet(`w${i}`));
  for (let i = 0; i < wallets.length; i += 300) {
    const raws: Bytes[] = [];
    for (const wallet of wallets.slice(i, i + 300)) raws.push(await transfer(wallet, owner, 10n ** 9n));
    await chain.commit(raws);
  }
  const blocks: Bytes[][] = [];
  for (let b = 0, n = 0; b < BLOCKS; b++) {
    const raws: Bytes[] = [];
    for (let i = 0; i < PER_BLOCK; i++, n++) raws.push(await transfer(wallets[(n * 7 + 1) % ACCOUNTS] as Wallet, wallets[n % ACCOUNTS] as Wallet, 1n));
    blocks.push(raws);
  }
  // THREADS=1: on a thread of its own, which runs this file as well.
  const executor = process.env['THREADS'] === undefined ? chain.executor : await createExecutor({ store: chain.store, threads: { folder: chain.folder, file: __filename } });
  const spent = { admit: 0, execute: 0, tree: 0, commit: 0 };
  const counted = { on: false };
  for (const [index, raws] of blocks.entries()) {
    counted.on = index >= 2;
    const clock = (part: keyof typeof spent, since: number): void => {
      if (counted.on) spent[part] += performance.now() - since;
    };
    let since = performance.now();
    const transactions = raws.map((raw) => chain.executor.admit(raw));
    clock('admit', since);
    const parent = chain.store.head();
    since = performance.now();
    const executed = await executor.executeBlock({ parent, timeMs: parent.timeMs + 100n, transactions });
    clock('execute', since);
    if (counted.on) spent.tree += executed.treeMs;
    since = performance.now();
    const block = blockOf(chain.store, executed, parent.certificate);
    await executor.commit(block, certificateOf(block.header), executed);
    clock('commit', since);
  }
  const transactions = (BLOCKS - 2) * PER_BLOCK;
  const rate = (ms: number): string => `${Math.round((transactions / ms) * 1000)}/s`;
  const total = spent.admit + spent.execute + spent.commit;
  process.stdout.write(`${transactions} ERC-20 transfers in ${BLOCKS - 2} blocks, ${ACCOUNTS} accounts\n`);
  process.stdout.write(`admit ${rate(spent.admit)}, execute with tree ${rate(spent.execute)} (tree ${Math.round((100 * spent.tree) / spent.execute)} % of it), commit ${rate(spent.commit)} (${(spent.commit / (BLOCKS - 2)).toFixed(1)} ms a block), all ${rate(total)}\n`);
  await executor.close();
  await chain.close();
  rmSync(chain.folder, { recursive: true, force: true });
}

if (isMainThread) void main();
else serveExecution();
