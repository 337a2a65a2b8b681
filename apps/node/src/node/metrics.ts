import type { Chain } from '../chain/chain.js';

/** The node's figures in Prometheus' text format, version 0.0.4. */
export function metricsText(chain: Chain | undefined, startedAtMs: number): string {
  const { user, system } = process.cpuUsage();
  const lines: string[] = [];
  const add = (name: string, type: 'gauge' | 'counter', help: string, value: number): void => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, `${name} ${value}`);
  };
  add('process_cpu_seconds_total', 'counter', 'CPU time of the process.', (user + system) / 1e6);
  add('process_resident_memory_bytes', 'gauge', 'Resident memory.', process.memoryUsage.rss());
  add('process_start_time_seconds', 'gauge', 'Start of the process, Unix time.', startedAtMs / 1000);
  if (chain === undefined) return `${lines.join('\n')}\n`;
  const { round, halted, maySign } = chain.position;
  const { transactionsCommitted, droppedFrames } = chain.counters;
  add('stele_height', 'gauge', 'Height of the newest decided block.', Number(chain.store.head().height));
  add('stele_highest_height', 'gauge', 'Highest height that a peer has announced.', Number(chain.sync.highest));
  add('stele_round', 'gauge', 'Round of the height that is being decided.', round);
  add('stele_peers', 'gauge', 'Connected peers.', chain.mesh.up.length);
  add('stele_pool_transactions', 'gauge', 'Transactions that wait.', chain.pool.size);
  add('stele_pool_bytes', 'gauge', 'Bytes of the transactions that wait.', chain.pool.sizeBytes);
  add('stele_transactions_committed_total', 'counter', 'Transactions committed since the start.', transactionsCommitted);
  add('stele_frames_dropped_total', 'counter', 'Frames to connected peers that were dropped because they read too slowly.', droppedFrames);
  add('stele_may_sign', 'gauge', 'Whether this node votes.', maySign ? 1 : 0);
  add('stele_halted', 'gauge', 'Whether this node has halted.', halted || chain.phase === 'halted' ? 1 : 0);
  return `${lines.join('\n')}\n`;
}
