import { Devnet } from '../devnet/devnet.js';
import { prepare, runLoad } from './load.js';
import { cpuMs, delay, percentile, residentMb } from './usage.js';
import { Signer } from './workload.js';

export interface LoadFigures {
  /** Committed on every node. */
  txPerSecond: number;
  /** Of all nodes together. */
  cpuMsPerTx: number;
  /** From sending to the block's announcement. */
  p50Ms: number;
  p99Ms: number;
  refused: number;
}

const WARM_UP_MS = 2000;
/** More than a machine with few cores commits: what is signed beforehand must last, and fit into memory. */
const mostPerSecond = (payloadBytes: number): number => (payloadBytes > 2000 ? 2500 : payloadBytes > 600 ? 5000 : 8000);
const SETTLE_LIMIT_MS = 30_000;
/** Empty blocks follow a load for six seconds. */
const TRAILING_MS = 8000;
/** By then a node that comes to rest has collected its heap, which it does once. */
const AT_REST_MS = 25_000;

/** Validators as processes over TLS with durable stores, and what is measured on them. */
export class LedgerBench {
  private runs = 0;
  private stopped = false;

  private constructor(
    private readonly net: Devnet,
    private readonly chainId: bigint,
    /** Resident memory of a node that has just started. */
    readonly freshMb: number,
  ) {}

  static async start(options: { bundle: string; nodeBinary: string; folder: string; validators: number }): Promise<LedgerBench> {
    const net = await Devnet.start({ ...options, port: 0, logLevel: 'warn' });
    await net.reached(1);
    await delay(TRAILING_MS);
    return new LedgerBench(net, BigInt(Number(net.genesisFile.genesis['evmChainId'])), Math.max(...net.nodes.map(({ pid }) => residentMb(pid))));
  }

  /** One transaction after another on a chain that is otherwise idle: from sending to the answer that it is committed. */
  async idleLatency(count: number): Promise<{ p50Ms: number; p99Ms: number }> {
    const signer = new Signer(`idle/${this.runs++}`, this.chainId);
    const latencies: number[] = [];
    for (let i = 0; i < count; i++) {
      const { raw } = signer.put(256);
      await delay(60 + Math.random() * 60);
      const sentMs = performance.now();
      const response = await fetch(this.net.node(i % this.net.nodes.length).rpcUrl, {
        method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'stele_sendTransactionAndWait', params: [raw] }),
      });
      const answer = (await response.json()) as { result?: { status: string }; error?: { message: string } };
      if (answer.result?.status !== '0x1') throw new Error(`a transaction failed: ${answer.error?.message ?? 'reverted'}`);
      if (i >= count / 6) latencies.push(performance.now() - sentMs);
    }
    return { p50Ms: percentile(latencies, 0.5), p99Ms: percentile(latencies, 0.99) };
  }

  async load(options: { payloadBytes: number; inFlight: number; seconds: number; rate?: number }): Promise<LoadFigures> {
    const durationMs = WARM_UP_MS + options.seconds * 1000;
    const count = Math.ceil(((options.rate ?? mostPerSecond(options.payloadBytes)) * durationMs) / 1000);
    const prepared = prepare({ ...options, rpcUrls: this.net.nodes.map(({ rpcUrl }) => rpcUrl), chainId: this.chainId, durationMs, name: `load ${this.runs++}` }, count);
    const running = runLoad(prepared);
    await delay(WARM_UP_MS);
    const before = await this.reading();
    await delay(options.seconds * 1000 - 200);
    const after = await this.reading();
    const result = await running;
    await this.settled();
    const committed = Math.min(...after.committed.map((count, i) => count - (before.committed[i] as number)));
    return {
      txPerSecond: (committed / (after.atMs - before.atMs)) * 1000,
      cpuMsPerTx: (after.cpuMs - before.cpuMs) / committed,
      p50Ms: percentile(result.latenciesMs, 0.5), p99Ms: percentile(result.latenciesMs, 0.99), refused: result.refused,
    };
  }

  /** One node is away while the chain works, then comes back while it still works at a moderate rate. */
  async catchUp(options: { payloadBytes: number; seconds: number }): Promise<{ missed: number; caughtUpPerSecond: number; livePerSecond: number }> {
    const away = this.net.nodes.length - 1;
    await this.net.node(away).stop();
    const others = this.net.nodes.slice(0, away).map(({ rpcUrl }) => rpcUrl);
    const durationMs = options.seconds * 1000;
    const before = await this.counted(0);
    const load = { ...options, rpcUrls: others, chainId: this.chainId, inFlight: 800, durationMs, name: `away ${this.runs++}` };
    await runLoad(prepare(load, Math.ceil((mostPerSecond(options.payloadBytes) * durationMs) / 1000)));
    await this.settled();
    const missed = (await this.counted(0)) - before;
    const target = (await this.net.control(0).status()).height;
    await this.net.restart(away);
    const beganMs = performance.now();
    while ((await this.net.control(away).status()).height < target) {
      if (performance.now() - beganMs > 10 * durationMs) throw new Error('the node that was away did not catch up');
      await delay(20);
    }
    const tookMs = performance.now() - beganMs;
    return { missed, caughtUpPerSecond: (missed / tookMs) * 1000, livePerSecond: (missed / durationMs) * 1000 };
  }

  async idleCost(seconds: number): Promise<{ cpuMsPerSecond: number; residentMb: number }> {
    await this.settled();
    await delay(AT_REST_MS);
    const before = await this.cpu();
    await delay(seconds * 1000);
    return { cpuMsPerSecond: ((await this.cpu()) - before) / seconds / this.net.nodes.length, residentMb: Math.max(...this.net.nodes.map(({ pid }) => residentMb(pid))) };
  }

  async stop(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    await this.net.stop();
  }

  private async reading(): Promise<{ committed: number[]; cpuMs: number; atMs: number }> {
    const committed = await Promise.all(this.net.nodes.map((_, i) => this.counted(i)));
    return { committed, cpuMs: await this.cpu(), atMs: performance.now() };
  }

  private async cpu(): Promise<number> {
    return this.net.nodes.reduce((sum, { pid }) => sum + cpuMs(pid), 0);
  }

  private async counted(index: number): Promise<number> {
    const found = /^stele_transactions_committed_total (\d+)$/m.exec(await this.net.control(index).metrics());
    if (found === null) throw new Error('the node does not count its transactions');
    return Number(found[1]);
  }

  /** Nothing waits in any pool any more. */
  private async settled(): Promise<void> {
    const limitMs = performance.now() + SETTLE_LIMIT_MS;
    for (;;) {
      const waiting = await Promise.all(this.net.nodes.flatMap((node, i) => (node.running ? [this.net.control(i).metrics().then((text) => Number(/^stele_pool_transactions (\d+)$/m.exec(text)?.[1]))] : [])));
      if (waiting.every((count) => count === 0)) return;
      if (performance.now() > limitMs) throw new Error(`transactions still wait: ${waiting.join(', ')}`);
      await delay(50);
    }
  }
}
