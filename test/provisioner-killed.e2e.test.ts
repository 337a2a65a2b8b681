/** On child processes: the provisioner dies by SIGKILL again and again while it makes a chain. The tests build on each other, in this order. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ChainOperationView } from '#contracts';
import { verifyReceipt, type SteleClient } from '#sdk';
import { DELIVERIES_SOURCE, compileContract } from '../scripts/demo/contract.js';
import { signWhenAsked, type Founder } from '../scripts/demo/founding.js';
import { Traffic } from '../scripts/demo/traffic.js';
import type { Platform } from '../scripts/platform/platform.js';
import { chainRequest, eventually, makeHome, movedTo, newFounder, registerTenant, removeHome, startTestPlatform, succeeded, TEST_TIMEOUT_MS, testEnvironment, timed } from './support/e2e.js';
import { nodeProcesses } from './support/processes.js';
import { holdProvisionerDown, killAtSteps } from './support/provisioner.js';

/** The provisioner is killed as soon as the operation tells that it is at one of these. */
const KILL_AT = ['start the nodes', 'enrol the nodes', 'write genesis', 'start consensus'];

jest.setTimeout(TEST_TIMEOUT_MS);

describe('a provisioner that is killed', () => {
  const home = makeHome();
  let platform: Platform;
  let client: SteleClient;
  let founder: Founder;
  let made: ChainOperationView;
  let genesisFile: Record<string, unknown>;

  const environment = testEnvironment({ STELE_RUNTIME: 'process' });
  const traffic = (): Traffic => new Traffic(client.rpcUrl(made.chain.id), client.authorization(), made.chain.evmChainId, founder.operations);
  const siteFolder = (name: string): string => join(home, 'nodes', platform.dataCenter, name);
  /** Nodes by what runs, by what the runtime has written down, and by the volumes that are there. */
  const whatIsThere = (): { processes: number; folders: number; records: number; volumes: number } => {
    const processes = nodeProcesses(home);
    return {
      processes: processes.length,
      folders: new Set(processes.map((one) => one.folder)).size,
      records: readdirSync(siteFolder('nodes')).length,
      volumes: readdirSync(siteFolder('volumes')).length,
    };
  };

  beforeAll(async () => {
    platform = await startTestPlatform({ home, env: environment });
    founder = newFounder('Aster Freight');
    client = await registerTenant(platform.url, founder.name);
  });

  afterAll(async () => {
    // Where the start failed there is no platform to stop.
    await platform?.stop({ removeData: true }).catch((error: unknown) => process.stderr.write(`the platform did not stop: ${String(error)}\n`));
    const left = nodeProcesses(home);
    for (const { pid } of left) process.kill(pid, 'SIGKILL');
    removeHome(home);
    expect(left).toEqual([]);
  });

  test('at four points of one provision, and its founder signs while it is down: the provision completes, nothing is left over', async () => {
    made = await client.createChain(chainRequest(founder, [{ dataCenter: platform.dataCenter, count: 4 }]));
    const killedAt = killAtSteps(platform, client, made.operation.id, KILL_AT);
    let signedWhileDown = false;
    const signWhileDown = async (): Promise<void> => {
      await eventually('genesis to sign', async () => ((await client.chain(made.chain.id)).status === 'awaitingFounders' ? true : undefined));
      const release = holdProvisionerDown(platform);
      try {
        await signWhenAsked(client, made.chain.id, founder);
        // Nobody there to take it further.
        signedWhileDown = (await client.chain(made.chain.id)).status === 'awaitingFounders';
      } finally {
        release();
      }
    };
    await timed('provision with its kills', async () => void (await Promise.all([signWhileDown(), succeeded(client, made.operation.id)])));
    expect(await killedAt).toEqual(KILL_AT);
    expect(signedWhileDown).toBe(true);
    expect(await client.chain(made.chain.id)).toMatchObject({ status: 'running', reason: null });
    expect(whatIsThere()).toEqual({ processes: 4, folders: 4, records: 4, volumes: 4 });
    expect((await client.nodes(made.chain.id)).data.map((node) => node.status)).toEqual(['running', 'running', 'running', 'running']);
    genesisFile = await client.genesis(made.chain.id);
  });

  test('the chain commits, and its receipts verify against the genesis that the founder signed', async () => {
    await traffic().deploy(compileContract('Deliveries', DELIVERIES_SOURCE));
    const block = await traffic().reader.getBlock({ blockTag: 'latest' });
    const receipt = await traffic().call<Record<string, unknown>>('stele_getReceipt', [block.transactions[0]]);
    expect(verifyReceipt(genesisFile, receipt, { genesisHash: String(genesisFile['genesisHash']) })).toMatchObject({ ok: true, genesisAuthenticated: true });
  });

  test('stopped and started again: the same chain, at its height and above', async () => {
    const before = Number(await traffic().reader.getBlockNumber({ cacheTime: 0 }));
    await timed('platform stop', () => platform.stop());
    expect(nodeProcesses(home)).toEqual([]);
    platform = await startTestPlatform({ home, env: environment });
    expect(platform.firstAdmin).toBeUndefined();
    client = movedTo(platform.url, client);
    await timed('first transaction after the start', () => eventually('a committed transaction', () => traffic().deploy(compileContract('Deliveries', DELIVERIES_SOURCE))));
    expect(Number(await traffic().reader.getBlockNumber({ cacheTime: 0 }))).toBeGreaterThan(before);
    expect(await client.genesis(made.chain.id)).toEqual(genesisFile);
    expect(whatIsThere()).toEqual({ processes: 4, folders: 4, records: 4, volumes: 4 });
  });

  test('killed while it deletes the chain: the deletion completes, and volumes are set aside', async () => {
    const { operation } = await client.deleteChain(made.chain.id);
    const killedAt = killAtSteps(platform, client, operation.id, ['remove the nodes']);
    await timed('deletion with a kill', () => succeeded(client, operation.id));
    expect(await killedAt).toEqual(['remove the nodes']);
    expect(await client.chain(made.chain.id)).toMatchObject({ status: 'deleted' });
    expect(whatIsThere()).toEqual({ processes: 0, folders: 0, records: 0, volumes: 4 });
  });
});
