import { randomBytes, randomInt } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { privateKeyToAccount } from 'viem/accounts';
import { DEFAULT_PARAMS, founderMessage, fromHex, genesisToJson, toHex, type Genesis, type GenesisFile, type Params } from '#ledger';
import { ControlClient, loadOrCreateSeed, makeIdentity, type PeerEndpoints, type TlsIdentity } from '#sdk';
import { ChildNode } from './child-node.js';

/** The first account of every development chain everywhere: its key is public knowledge. */
export const DEV_PRIVATE_KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';
const DEV_BALANCE_WEI = 10_000n * 10n ** 18n;

export interface DevnetOptions {
  bundle: string;
  /** The Node that runs the nodes; without, the one that runs us. */
  nodeBinary?: string | undefined;
  /** Where nodes, keys and genesis are kept. A second start there goes on with the same chain. */
  folder: string;
  validators: number;
  /** JSON-RPC of the first node; the others get free ones. 0 for any. */
  port: number;
  params?: Partial<Params>;
  /** Accounts that begin with a balance, beside the development account. */
  alloc?: Genesis['alloc'];
  logLevel?: string;
}

/** Validators as child processes on loopback, set up as the platform does it: enrolled, then given genesis. */
export class Devnet {
  readonly nodes: ChildNode[] = [];
  private endpoints: PeerEndpoints = {};
  private constructor(
    private readonly options: DevnetOptions,
    readonly identity: TlsIdentity,
    readonly genesisFile: GenesisFile,
  ) {}

  static async start(options: DevnetOptions): Promise<Devnet> {
    const identity = await makeIdentity(loadOrCreateSeed(options.folder, 'control'));
    const genesisPath = join(options.folder, 'genesis.json');
    const secret = randomBytes(32).toString('base64url');
    const known = existsSync(genesisPath) ? (JSON.parse(readFileSync(genesisPath, 'utf8')) as GenesisFile) : undefined;
    const count = known === undefined ? options.validators : (known.genesis['validators'] as unknown[]).length;
    const started = await Promise.allSettled(Array.from({ length: count }, (_, i) => startNode(options, identity, secret, i)));
    const nodes = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    try {
      const failed = started.find((one) => one.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      const keys = known === undefined ? await Promise.all(nodes.map((node) => control(identity, node, null).enrol(secret))) : nodes.map((node) => fromHex(node.ready.publicKey));
      const genesisFile = known ?? (await founded(keys, options.params, options.alloc));
      if (known === undefined) writeFileSync(genesisPath, `${JSON.stringify(genesisFile, null, 2)}\n`);
      const devnet = new Devnet(options, identity, genesisFile);
      devnet.nodes.push(...nodes);
      await devnet.putGenesis();
      return devnet;
    } catch (error) {
      await Promise.all(nodes.map((node) => node.stop()));
      throw error;
    }
  }

  /** Starts a node again that was stopped or killed, at the ports that its peers know. */
  async restart(index: number): Promise<void> {
    const old = this.node(index);
    const { ports } = old.ready;
    this.nodes[index] = await startNode(this.options, this.identity, '', index, ports);
  }

  node(index: number): ChildNode {
    const node = this.nodes[index];
    if (node === undefined) throw new Error(`there is no node ${index}`);
    return node;
  }

  control(index: number): ControlClient {
    return control(this.identity, this.node(index), fromHex(this.node(index).ready.publicKey));
  }

  /** Resolves once every running node has decided this height. */
  async reached(height: number, timeoutMs = 20_000): Promise<void> {
    const limit = Date.now() + timeoutMs;
    for (;;) {
      const heights = await Promise.all(this.nodes.flatMap((node, i) => (node.running ? [this.control(i).status().then((status) => status.height)] : [])));
      if (heights.every((one) => one >= height)) return;
      if (Date.now() > limit) throw new Error(`height ${height} was not reached within ${timeoutMs} ms: the nodes are at ${heights.join(', ')}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Answers how each node ended. */
  stop(): Promise<(number | string | null)[]> {
    return Promise.all(this.nodes.map((node) => node.stop()));
  }

  private async putGenesis(): Promise<void> {
    this.endpoints = Object.fromEntries(this.nodes.map((node) => [toHex(fromHex(node.ready.publicKey)), [`127.0.0.1:${node.ready.ports.peer}`]]));
    await Promise.all(this.nodes.map((_, i) => this.control(i).putGenesis(this.genesisFile, this.endpoints)));
  }
}

function startNode(options: DevnetOptions, identity: TlsIdentity, enrolSecret: string, index: number, ports?: { peer: number; control: number; rpc: number; dev: number }): Promise<ChildNode> {
  return ChildNode.start({
    bundle: options.bundle,
    nodeBinary: options.nodeBinary,
    dataFolder: join(options.folder, `node-${index + 1}`),
    controlKey: toHex(identity.publicKey),
    enrolSecret,
    devPort: ports?.dev ?? (index === 0 ? options.port : 0),
    ...(options.logLevel === undefined ? {} : { logLevel: options.logLevel }),
    ...(ports === undefined ? {} : { ports }),
  });
}

function control(identity: TlsIdentity, node: ChildNode, publicKey: Uint8Array | null): ControlClient {
  return new ControlClient(identity, { endpoints: [`127.0.0.1:${node.ready.ports.control}`], publicKey });
}

/** A genesis of one member that owns every validator, signed by its governance account. */
async function founded(keys: readonly Uint8Array[], params: Partial<Params> = {}, alloc: Genesis['alloc'] = []): Promise<GenesisFile> {
  const founder = privateKeyToAccount(DEV_PRIVATE_KEY);
  const account = fromHex(founder.address);
  const genesis: Genesis = {
    version: 2,
    evmChainId: BigInt(randomInt(1_000_000, 2 ** 47)),
    faultModel: 'BFT',
    timeMs: BigInt(Date.now()),
    hardfork: 'osaka',
    protocolVersion: 1,
    access: 'open',
    params: { ...DEFAULT_PARAMS, ...params },
    members: [{ name: 'devnet', governance: account, operations: account }],
    validators: keys.map((publicKey) => ({ publicKey, power: 1n, member: 0 })),
    alloc: [{ address: account, balance: DEV_BALANCE_WEI, code: new Uint8Array() }, ...alloc],
  };
  const unsigned = genesisToJson(genesis);
  const signature = await founder.signMessage({ message: founderMessage(unsigned.genesisHash) });
  return genesisToJson(genesis, [{ account: founder.address.toLowerCase(), signature }]);
}
