import { encodeFunctionData, type Abi, type Hex } from 'viem';
import { fromHex, type Bytes } from '#ledger';
import { compileContract } from '../demo/contract.js';
import { ACCOUNTS_PER_CLIENT, CLIENTS_PER_NODE, prepare, runLoad } from './load.js';
import { cpuMs, delay } from './usage.js';
import { Signer, type Signed } from './workload.js';

export type EvmKind = 'value' | 'erc20' | 'records';

/** A chain under load: one of ours, or another program's. */
export interface EvmTarget {
  /** JSON-RPC of each node. */
  rpcUrls: readonly string[];
  chainId: bigint;
  pids: readonly number[];
  /** Sent and not yet in a block, at most. */
  inFlight: number;
  /** Whether it is ours: it has Records, and what is in blocks is counted on every node. Of others, announcements are counted. */
  isOurs: boolean;
}

export interface EvmFigures {
  kind: EvmKind;
  /** In blocks; of ours, in those of every node. */
  tps: number;
  /** Of all nodes. */
  cpuMsPerTx: number;
}

const WARM_UP_MS = 2500;
/** More than is committed on few cores: what is signed beforehand must last. */
const MOST_PER_SECOND = 9000;
const SETTLE_LIMIT_MS = 60_000;
const BATCH = 100;
const GAS = { value: 21_000, erc20: 100_000 } as const;
const RECORDS_BYTES = 256;
const FUNDS = 10n ** 9n;

const TOKEN = `// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

contract Token {
    event Transfer(address indexed from, address indexed to, uint256 value);
    mapping(address => uint256) public balanceOf;

    constructor() { balanceOf[msg.sender] = type(uint128).max; }

    function transfer(address to, uint256 value) external returns (bool) {
        require(balanceOf[msg.sender] >= value, "balance");
        balanceOf[msg.sender] -= value;
        balanceOf[to] += value;
        emit Transfer(msg.sender, to, value);
        return true;
    }
}
`;

/** The accounts that all loads use; for value transfers they need a balance from the beginning. */
export function loadAccounts(nodes: number, chainId: bigint): Signer[] {
  return Array.from({ length: nodes * CLIENTS_PER_NODE * ACCOUNTS_PER_CLIENT }, (_, i) => new Signer(`evm load ${i}`, chainId));
}

/** One kind of transaction after another on one chain, each in a closed loop. */
export class EvmLoad {
  private readonly owner: Signer;
  private token: Bytes | null = null;

  constructor(
    private readonly target: EvmTarget,
    private readonly signers: readonly Signer[],
  ) {
    this.owner = new Signer('evm load owner', target.chainId);
  }

  async measure(kind: EvmKind, seconds: number): Promise<EvmFigures> {
    if (kind === 'erc20') await this.deployToken();
    const { target, signers } = this;
    const durationMs = WARM_UP_MS + seconds * 1000;
    const load = prepare({ rpcUrls: target.rpcUrls, chainId: target.chainId, payloadBytes: RECORDS_BYTES, inFlight: target.inFlight, durationMs, name: kind, signers, make: this.maker(kind) }, Math.ceil((MOST_PER_SECOND * durationMs) / 1000));
    const running = runLoad(load);
    await delay(WARM_UP_MS);
    const before = await this.reading();
    await delay(seconds * 1000 - 300);
    const after = await this.reading();
    const { refused, refusal, announcedAtMs } = await running;
    if (refused > 0) throw new Error(`${refused} transactions were refused: ${refusal ?? ''}`);
    await this.settled();
    // What was signed and not sent leaves no gap: the next load goes on where the chain is.
    const nonces = await this.nonces(target.rpcUrls[0] as string);
    signers.forEach((signer, i) => signer.goOn(nonces[i] ?? 0));
    const announced = announcedAtMs.filter((atMs) => atMs >= before.atMs && atMs < after.atMs).length;
    const committed = !target.isOurs ? announced : Math.min(...after.committed.map((count, i) => count - (before.committed[i] ?? 0)));
    return { kind, tps: Math.round((committed / (after.atMs - before.atMs)) * 1000), cpuMsPerTx: Math.round(((after.cpuMs - before.cpuMs) / committed) * 1000) / 1000 };
  }

  private maker(kind: EvmKind): (signer: Signer) => Signed {
    let n = 0;
    const next = (): Bytes => fromHex((this.signers[(n++ * 7 + 1) % this.signers.length] as Signer).address);
    if (kind === 'records') return (signer) => signer.put(RECORDS_BYTES);
    if (kind === 'value') return (signer) => signer.sign({ to: next(), value: 1n, gas: GAS.value });
    const token = this.token as Bytes;
    return (signer) => signer.sign({ to: token, data: transferOf(next(), 1n), gas: GAS.erc20 });
  }

  /** The token, with something of it on each account. */
  private async deployToken(): Promise<void> {
    const { bytecode } = compileContract('Token', TOKEN);
    const url = this.target.rpcUrls[0] as string;
    const created = this.owner.sign({ to: new Uint8Array(0), data: fromHex(bytecode), gas: 2_000_000 });
    await call(url, [{ method: 'eth_sendRawTransaction', params: [created.raw] }]);
    let at: Hex | undefined;
    for (const endMs = performance.now() + SETTLE_LIMIT_MS; at === undefined; await delay(50)) {
      if (performance.now() > endMs) throw new Error('the token was not deployed');
      at = ((await call(url, [{ method: 'eth_getTransactionReceipt', params: [created.hash] }]))[0] as { contractAddress: Hex } | null)?.contractAddress;
    }
    this.token = fromHex(at);
    const token = this.token;
    for (let i = 0; i < this.signers.length; i += 50) {
      const raws = this.signers.slice(i, i + 50).map(({ address }) => this.owner.sign({ to: token, data: transferOf(fromHex(address), FUNDS), gas: GAS.erc20 }).raw);
      await call(url, raws.map((raw) => ({ method: 'eth_sendRawTransaction', params: [raw] })));
      await this.committedNonce(this.owner);
    }
  }

  private async committedNonce(signer: Signer): Promise<void> {
    for (const endMs = performance.now() + SETTLE_LIMIT_MS; ; await delay(20)) {
      const counts = await Promise.all(this.target.rpcUrls.map(async (url) => Number((await call(url, [{ method: 'eth_getTransactionCount', params: [signer.address, 'latest'] }]))[0])));
      if (counts.every((count) => count >= signer.next)) return;
      if (performance.now() > endMs) throw new Error('transactions were not committed in time');
    }
  }

  /** Each account's nonce says how many of its transactions are in blocks. */
  private async nonces(url: string): Promise<number[]> {
    const found: number[] = [];
    for (let i = 0; i < this.signers.length; i += BATCH) found.push(...(await call(url, this.signers.slice(i, i + BATCH).map(({ address }) => ({ method: 'eth_getTransactionCount', params: [address, 'latest'] })))).map(Number));
    return found;
  }

  private async reading(): Promise<{ committed: number[]; cpuMs: number; atMs: number }> {
    const atMs = performance.now();
    const { target } = this;
    const committed = target.isOurs ? await Promise.all(target.rpcUrls.map(async (url) => (await this.nonces(url)).reduce((sum, nonce) => sum + nonce, 0))) : [];
    return { committed, cpuMs: this.target.pids.reduce((sum, pid) => sum + cpuMs(pid), 0), atMs };
  }

  /** No account's nonce moves any more, on any node. */
  private async settled(): Promise<void> {
    let last = '';
    for (const endMs = performance.now() + SETTLE_LIMIT_MS; ; await delay(1500)) {
      const now = JSON.stringify(await Promise.all(this.target.rpcUrls.map((url) => this.nonces(url))));
      if (now === last) return;
      if (performance.now() > endMs) throw new Error('the chain does not come to rest');
      last = now;
    }
  }
}

const ABI: Abi = [{ type: 'function', name: 'transfer', stateMutability: 'nonpayable', inputs: [{ name: 'to', type: 'address' }, { name: 'value', type: 'uint256' }], outputs: [{ type: 'bool' }] }];

function transferOf(to: Bytes, value: bigint): Bytes {
  return fromHex(encodeFunctionData({ abi: ABI, functionName: 'transfer', args: [`0x${Buffer.from(to).toString('hex')}`, value] }));
}

/** Results of a batch in order. @throws Error with what the first refused call was told. */
async function call(url: string, calls: readonly { method: string; params: unknown[] }[]): Promise<unknown[]> {
  const body = JSON.stringify(calls.map((one, id) => ({ jsonrpc: '2.0', id, ...one })));
  const answers = (await (await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).json()) as { id: number; result?: unknown; error?: { message: string } }[];
  const byId = [...answers].sort((a, b) => a.id - b.id);
  const failed = byId.find(({ error }) => error !== undefined);
  if (failed !== undefined) throw new Error(failed.error?.message);
  return byId.map(({ result }) => result);
}
