import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { chooseNodeBinary } from '#runtime';
import { recoveriesPerSecond, recoveryKind } from './bench/ceiling.js';
import { EtcdCluster, findEtcd } from './bench/etcd.js';
import { LedgerBench, type LoadFigures } from './bench/ledger.js';
import { nodeBundle } from './bench/bundle.js';

const USAGE = `npm run bench:ledger -- [options]     four validators on this machine against etcd and against the ceiling of signature recovery
  --seconds N     of each load (default 8)
  --quick         one load, no sizes: for a first look
  --json          ends with one line of JSON`;

const VALIDATORS = 4;
const PAYLOAD_BYTES = 256;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '8' }, quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h' } } });
  if (values.help === true) return void console.log(USAGE);
  const seconds = Number(values.seconds);
  if (!(seconds >= 2 && seconds <= 120)) throw new Error('--seconds must be from 2 to 120');
  const say = (text: string): void => void console.error(text);
  const node = chooseNodeBinary();
  const { stdout: version } = await promisify(execFile)(node.path, ['--version']);
  say(`${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}); the nodes run on Node ${version.trim().slice(1)}, ${node.why}; recovery: ${recoveryKind()}`);
  say('Payloads are call data of Records.put; each signature is verified on every node, each block is durable on a quorum before it counts,');
  say('and a transaction counts when all four nodes have committed it. CPU is that of the four nodes. The load generator shares the cores.\n');

  const ceiling = (await recoveriesPerSecond()) / VALIDATORS;
  say(`ceiling: ${Math.round(ceiling)} tx/s (sender recoveries a second on all cores ÷ ${VALIDATORS} validators)`);
  const folder = mkdtempSync(join(tmpdir(), 'stele-bench-'));
  const bench = await LedgerBench.start({ bundle: nodeBundle(), nodeBinary: node.path, folder, validators: VALIDATORS });
  try {
    const idle = await bench.idleLatency(60);
    say(`idle chain, one transaction at a time: p50 ${idle.p50Ms.toFixed(1)} ms, p99 ${idle.p99Ms.toFixed(1)} ms`);
    let best: LoadFigures | undefined;
    for (const inFlight of values.quick ? [800] : [200, 400, 800, 1600]) {
      const figures = await bench.load({ payloadBytes: PAYLOAD_BYTES, inFlight, seconds });
      say(row(`${PAYLOAD_BYTES} B, ${inFlight} in flight`, figures));
      if (best === undefined || figures.txPerSecond > best.txPerSecond) best = figures;
    }
    const peak = best as LoadFigures;
    const half = await bench.load({ payloadBytes: PAYLOAD_BYTES, inFlight: 4000, seconds, rate: peak.txPerSecond / 2 });
    say(row('256 B, at half of the peak', half));
    if (!values.quick) for (const payloadBytes of [64, 1024, 4096]) say(row(`${payloadBytes} B, 800 in flight`, await bench.load({ payloadBytes, inFlight: 800, seconds })));
    // Away for long enough that the first second of a process, when nothing is compiled yet, does not decide.
    const catchUp = await bench.catchUp({ payloadBytes: PAYLOAD_BYTES, seconds: values.quick ? seconds : 3 * seconds });
    say(`catch-up: ${Math.round(catchUp.caughtUpPerSecond)} tx/s after being away from ${catchUp.missed} transactions; the three others went on at ${Math.round(catchUp.livePerSecond)} tx/s`);
    const rest = await bench.idleCost(values.quick ? 5 : 15);
    say(`idle node: ${rest.cpuMsPerSecond.toFixed(2)} ms of CPU a second, ${rest.residentMb.toFixed(0)} MB, after all of the above; fresh: ${bench.freshMb.toFixed(0)} MB`);
    await bench.stop();

    const etcd = await measureEtcd(say, seconds, values.quick);
    say('');
    if (etcd !== null) say(`ours ÷ etcd     ${(peak.txPerSecond / etcd).toFixed(2)}`);
    say(`ours ÷ ceiling  ${(peak.txPerSecond / ceiling).toFixed(2)}`);
    if (values.json) {
      console.log(JSON.stringify({
        txPerSecond: Math.round(peak.txPerSecond), cpuMsPerTx: round(peak.cpuMsPerTx), p50Ms: round(half.p50Ms), p99Ms: round(half.p99Ms), idleP50Ms: round(idle.p50Ms),
        etcdPutsPerSecond: etcd === null ? null : Math.round(etcd), ceilingTxPerSecond: Math.round(ceiling), catchUpRatio: round(catchUp.caughtUpPerSecond / catchUp.livePerSecond),
        idleCpuMsPerSecond: round(rest.cpuMsPerSecond), idleRssMb: Math.round(bench.freshMb),
      }));
    }
  } finally {
    await bench.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureEtcd(say: (text: string) => void, seconds: number, quick: boolean): Promise<number | null> {
  const program = await findEtcd(join(tmpdir(), 'stele-etcd-server'));
  if (program === null) {
    say('etcd: not measured, it is not here (on Debian: apt-get install etcd-server)');
    return null;
  }
  const cluster = await EtcdCluster.start(program);
  try {
    let best = 0;
    for (const clients of quick ? [256] : [1, 64, 256, 1024]) {
      const { perSecond, p50Ms, cpuMsPerPut } = await cluster.puts({ clients, valueBytes: PAYLOAD_BYTES, durationMs: seconds * 1000, warmUpMs: 1000 });
      say(`etcd, three members, ${PAYLOAD_BYTES} B, ${String(clients).padStart(4)} clients: ${String(Math.round(perSecond)).padStart(6)} puts/s, ${cpuMsPerPut.toFixed(3)} ms of CPU each, p50 ${p50Ms.toFixed(1)} ms`);
      best = Math.max(best, perSecond);
    }
    return best;
  } finally {
    await cluster.stop();
  }
}

function row(name: string, { txPerSecond, cpuMsPerTx, p50Ms, p99Ms, refused }: LoadFigures): string {
  return `${name.padEnd(28)} ${String(Math.round(txPerSecond)).padStart(6)} tx/s, ${cpuMsPerTx.toFixed(3)} ms of CPU each, p50 ${p50Ms.toFixed(0)} ms, p99 ${p99Ms.toFixed(0)} ms${refused > 0 ? `, ${refused} refused` : ''}`;
}

const round = (value: number): number => Math.round(value * 1000) / 1000;

main().then(() => process.exit(0), (error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
