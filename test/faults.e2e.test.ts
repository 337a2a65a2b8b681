/** Four real containers under load, disturbed at random: kills, pauses, cut networks, full disks, restarts. */
import { dirname } from 'node:path';
import { nodeBundle } from '../scripts/bench/bundle.js';
import { describeWithEngines } from '../scripts/docker/test-engines.js';
import { ContainerChain } from '../scripts/faults/container-chain.js';
import { FAULTS, runFaults } from '../scripts/faults/fault-run.js';

const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const SECONDS = 25;

describeWithEngines(describe)('four validators in containers, one of them always in trouble', () => {
  let chain: ContainerChain;
  beforeAll(async () => {
    chain = await ContainerChain.start(dirname(nodeBundle()));
  }, 120_000);
  afterAll(() => chain?.stop(), 60_000);

  test(`no acknowledged transaction is lost or doubled, all states are equal, and the chain goes on (seed ${SEED})`, async () => {
    const report = await runFaults(chain, { seed: SEED, seconds: SECONDS, clients: 8 });
    process.stderr.write(`faults, seed ${SEED}: ${JSON.stringify(report)}\n`);
    expect(report.broken).toEqual([]);
    expect(report.acknowledged).toBeGreaterThan(50);
    expect(FAULTS.filter((kind) => report.faults[kind] > 0).length).toBeGreaterThanOrEqual(3);
  }, 300_000);
});
