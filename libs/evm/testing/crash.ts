import { createExecutor, openChainStore, type ChainStore, type Executor } from '../src/index.js';
import { blockOf, certificateOf, testGenesis } from './chain.js';
import { hex, Wallet } from './wallet.js';

/** Deploys code that counts in slot 0 and logs: PUSH0 SLOAD PUSH1 1 ADD PUSH0 SSTORE PUSH0 PUSH0 LOG0 STOP. */
const COUNTER = '0x6a5f546001015f555f5fa0005f52600b6015f3';

/** Commits blocks for ever, or `count` of them, from wherever the store stands. Everything follows from the height. */
export async function appendTestBlocks(folder: string, committed: (height: bigint) => void, count = Infinity, history: number | 'archive' = 'archive'): Promise<void> {
  const pruningFailed = (error: unknown): void => {
    throw error;
  };
  const store = await openChainStore(folder, { genesis: testGenesis(), history, pruningFailed });
  const executor = await createExecutor({ store });
  for (let i = 0; i < count; i++) committed(await appendOne(store, executor));
  await store.close();
}

async function appendOne(store: ChainStore, executor: Executor): Promise<bigint> {
  const parent = store.head();
  const wallet = new Wallet('crash');
  wallet.nonce = Number(store.state().account(wallet.address)?.nonce ?? 0n);
  const first = store.results(1n)?.[0]?.contractAddress;
  const fields = first == null ? { data: COUNTER } : { to: hex(first) };
  const transactions = [executor.admit(await wallet.sign(fields)), executor.admit(await wallet.sign(fields))];
  const executed = await executor.executeBlock({ parent, timeMs: parent.timeMs + 1n, transactions });
  const block = blockOf(store, executed, parent.certificate);
  await executor.commit(block, certificateOf(block.header), executed);
  return block.header.height;
}
