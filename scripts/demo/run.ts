import type { Abi } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { SteleClient, verifyReceipt } from '#sdk';
import { installEnding } from '../platform/ending.js';
import { startPlatform, type Platform } from '../platform/platform.js';
import { compileContract, DELIVERIES_SOURCE } from './contract.js';
import { foundChain } from './founding.js';
import { Progress } from './progress.js';
import { tamper } from './tamper.js';
import { Traffic } from './traffic.js';

/** What `npm run demo -- --json` ends with. Times in milliseconds. */
export interface DemoFigures {
  runtime: string;
  database: string;
  queue: string;
  validators: number;
  /** From the API call to `running`. */
  provisionMs: number;
  /** From the API call to the first committed transaction, the contract's deployment. */
  firstCommitMs: number;
  transactions: number;
  txPerSecond: number;
  killedValidatorCaughtUp: boolean;
  receiptVerified: boolean;
  tamperedReceiptRefused: boolean;
}

const VALIDATORS = 4;
const TRANSACTIONS = 200;
const WHILE_DOWN = 20;
const CATCH_UP_TIMEOUT_MS = 90_000;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The whole demo. Cleans up what it started, also when a step fails or Ctrl-C ends it. */
export async function runDemo(options: { home: string; keep: boolean }): Promise<DemoFigures> {
  const progress = new Progress();
  progress.say('\nStele: from nothing to a chain whose results verify offline\n');
  let starting: Promise<Platform> | undefined;
  // A start that is under way ends itself, and takes with it what it has started.
  const stop = async (): Promise<void> => starting?.then((platform) => platform.stop({ removeData: true }), () => undefined);
  const ending = installEnding(stop, (again) => progress.say(again ? '  still stopping' : '\n  stopping: everything that was started is removed …'));
  try {
    const platform = await progress.step(
      'the platform starts',
      (say) => (starting = startPlatform({ home: options.home, env: process.env, anyPort: true, say, signal: ending.signal, temporary: true })),
      (started) => `${started.choices.runtime.kind}, ${started.choices.database.kind}, ${started.choices.queue.kind}`,
    );
    for (const line of platform.explain()) progress.say(`      ${line}`);
    const { figures, kept } = await scenes(platform, progress);
    progress.table();
    if (options.keep) await keepRunning(platform, progress, kept);
    return figures;
  } finally {
    // What fails because everything is being stopped is no failure of the demo.
    if (ending.signal.aborted) await ending.end(130);
    await stop();
  }
}

async function scenes(platform: Platform, progress: Progress): Promise<{ figures: DemoFigures; kept: Kept }> {
  const operationsKey = generatePrivateKey();
  const founder = { name: 'Aster Freight', governance: privateKeyToAccount(generatePrivateKey()), operations: privateKeyToAccount(operationsKey) };
  const { client, owner, apiKey } = await progress.step('a tenant registers and takes an API key', () => register(platform.url, founder.name), () => founder.name);
  const compiled = compileContract('Deliveries', DELIVERIES_SOURCE);
  const abi = compiled.abi as Abi;

  const chain = await progress.step(
    'a chain of four validators is provisioned',
    (say) => foundChain(client, founder, [{ dataCenter: platform.dataCenter, count: VALIDATORS }], say),
    (founded) => `genesis ${founded.genesisHash.slice(0, 18)}…, signed by its founder`,
  );
  const traffic = new Traffic(client.rpcUrl(chain.chainId), client.authorization(), chain.evmChainId, founder.operations);
  const address = await progress.step('a Solidity contract is deployed', () => traffic.deploy(compiled), (at) => at);
  const firstCommitMs = performance.now() - chain.askedAtMs;

  const sentAtMs = performance.now();
  const hashes = await progress.step(
    `${TRANSACTIONS} transactions go through the gateway`,
    (say) => traffic.confirmMany(address, abi, TRANSACTIONS, 'delivery', say),
    (sent) => `${(sent.length / ((performance.now() - sentAtMs) / 1000)).toFixed(0)} per second`,
  );
  const txPerSecond = hashes.length / ((performance.now() - sentAtMs) / 1000);

  const caughtUp = await killOne(platform, progress, client, chain.chainId, async () => {
    await traffic.confirmMany(address, abi, WHILE_DOWN, 'while one is down', () => undefined);
    return Number(await traffic.reader.getBlockNumber({ cacheTime: 0 }));
  });

  const receipt = await progress.step('a receipt is fetched', () => traffic.call<Record<string, unknown>>('stele_getReceipt', [hashes[TRANSACTIONS / 2]]));
  const verified = await progress.step(
    'the receipt verifies offline against the genesis',
    () => Promise.resolve(verifyReceipt(chain.genesisFile, receipt, { genesisHash: chain.genesisHash })),
    (result) => (result.ok ? `block ${result.height}, authenticated genesis: ${result.genesisAuthenticated}` : result.message),
  );
  const refused = await progress.step(
    'a tampered copy is refused',
    () => Promise.resolve(verifyReceipt(chain.genesisFile, tamper(receipt), { genesisHash: chain.genesisHash })),
    (result) => (result.ok ? 'IT WAS ACCEPTED' : result.message),
  );
  if (!verified.ok || refused.ok || !caughtUp) throw new Error('one of the claims above does not hold');

  const figures: DemoFigures = {
    runtime: platform.choices.runtime.kind,
    database: platform.choices.database.kind,
    queue: platform.choices.queue.kind,
    validators: VALIDATORS,
    provisionMs: Math.round(chain.provisionMs),
    firstCommitMs: Math.round(firstCommitMs),
    transactions: hashes.length,
    txPerSecond: Math.round(txPerSecond),
    killedValidatorCaughtUp: caughtUp,
    receiptVerified: verified.ok,
    tamperedReceiptRefused: !refused.ok,
  };
  return { figures, kept: { rpcUrl: client.rpcUrl(chain.chainId), chainId: chain.chainId, evmChainId: chain.evmChainId, contract: address, owner, apiKey, operationsKey } };
}

/** What somebody needs to go on with the chain of the demo. */
interface Kept {
  rpcUrl: string;
  chainId: string;
  evmChainId: number;
  contract: string;
  owner: { email: string; password: string };
  apiKey: string;
  /** Of the founder's operations account: it exists for this demo only. */
  operationsKey: string;
}

async function register(url: string, name: string): Promise<{ client: SteleClient; owner: { email: string; password: string }; apiKey: string }> {
  const anonymous = new SteleClient({ url });
  const owner = { email: `owner-${crypto.randomUUID()}@example.com`, password: crypto.randomUUID(), name: 'Demo Owner' };
  await anonymous.registerTenant({ name, owner });
  const session = await anonymous.logIn(owner.email, owner.password);
  const key = await anonymous.as({ accessToken: session.accessToken }).createApiKey({ name: 'demo', scopes: ['chains:read', 'chains:write', 'rpc'] });
  return { client: anonymous.as({ apiKey: key.key }), owner, apiKey: key.key };
}

/**
 * Kills one validator, shows that the chain goes on, and waits until the platform has it back: at a height that the others
 * reached while it was down.
 * @param send commits transactions and answers the height of the head afterwards.
 */
async function killOne(platform: Platform, progress: Progress, client: SteleClient, chainId: string, send: () => Promise<number>): Promise<boolean> {
  const nodes = (await client.nodes(chainId)).data;
  const victim = nodes[nodes.length - 1];
  if (victim === undefined) throw new Error('the chain shows no nodes');
  await progress.step('one validator is killed', () => platform.killNode(victim.id), () => victim.id);
  const head = await progress.step('the other three go on', send, (height) => `${WHILE_DOWN} more transactions committed, height ${height}`);
  return progress.step(
    'the killed validator comes back and catches up',
    async (say) => {
      const deadline = performance.now() + CATCH_UP_TIMEOUT_MS;
      while (performance.now() < deadline) {
        const back = (await client.nodes(chainId)).data.find((node) => node.id === victim.id);
        say(`height ${back?.height ?? '?'} of ${head}`);
        if (back?.status === 'running' && (back.height ?? 0) >= head) return true;
        await sleep(250);
      }
      return false;
    },
    (caughtUp) => (caughtUp ? `at height ${head} or above` : 'IT DID NOT'),
  );
}

/** Leaves everything up until Ctrl-C. */
async function keepRunning(platform: Platform, progress: Progress, kept: Kept): Promise<void> {
  progress.say(`Everything still runs (--keep).

  API             ${platform.url}/v1      OpenAPI ${platform.url}/openapi.json
  log in          ${kept.owner.email}  ${kept.owner.password}
  API key         ${kept.apiKey}
  chain           ${kept.chainId}, evmChainId ${kept.evmChainId}
  JSON-RPC        ${kept.rpcUrl}      (header x-api-key)
  contract        ${kept.contract}
  account's key   ${kept.operationsKey}      (of the founder's operations account; for this demo only)
  data, logs      ${platform.home}

  curl -s ${kept.rpcUrl} -H 'content-type: application/json' -H 'x-api-key: ${kept.apiKey}' -d '{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]}'

Ctrl-C ends it and removes it.`);
  // The handler of the signals stops the platform and ends this process.
  await new Promise<never>(() => undefined);
}
