import { existsSync } from 'node:fs';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import type { Server as NetServer } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { equalBytes, genesisFromJson, to0x, type GenesisFile } from '#ledger';
import { Chain } from '../chain/chain.js';
import type { NodeConfig } from '../config.js';
import { Enrolment } from '../control/enrolment.js';
import { ControlRefusal, createControlServer, type Endpoints } from '../control/server.js';
import { bindNode, type BindingPurpose, type NodeBinding } from '../identity/binding.js';
import { loadIdentity, type Identity } from '../identity/identity.js';
import type { Logger } from '../log/logger.js';
import { attachRpc, type RpcServer } from '../rpc/index.js';
import { createPinnedListener, listen } from '../tls/pinned.js';
import { NodeBackend } from './backend.js';
import { lockFolder } from './folder-lock.js';
import { GenesisFolder } from './genesis-folder.js';
import { collectAtRest } from './heap.js';
import { metricsText } from './metrics.js';
import { SnapshotJoin } from '../sync/snapshot/snapshot-join.js';
import { PROTOCOL_VERSION, VERSION } from './version.js';

const RPC_KEEP_ALIVE_MS = 65_000;

export interface NodePorts {
  peer: number;
  control: number;
  rpc: number;
  /** Of the development listener, where there is one. */
  dev: number | null;
}

/** One ledger node: its key, its three listeners, and its chain once genesis is there. */
export class LedgerNode {
  private chain: Chain | undefined;
  private joining: SnapshotJoin | undefined;
  private joined: Promise<void> = Promise.resolve();
  private stopping = false;
  private installing: Promise<void> = Promise.resolve();
  private lock: NetServer | null = null;
  private resting: NodeJS.Timeout | undefined;
  private readonly startedAtMs = Date.now();
  private readonly listeners: NetServer[] = [];
  private readonly httpServers: HttpServer[] = [];
  private readonly rpcServers: RpcServer[] = [];
  private readonly keys = new WeakMap<TLSSocket, Uint8Array>();
  private readonly genesis: GenesisFolder;
  private readonly backend: NodeBackend;
  private readonly sockets = new Set<TLSSocket>();

  /**
   * Starts a node: makes its key where there is none, opens the listeners, goes on with the chain that its folder holds.
   * @param onDrain called where the control listener asks the node to end.
   * @param fatal called where nothing may go on: must end the process.
   */
  static async start(config: NodeConfig, logger: Logger, onDrain: () => void, fatal: (error: Error) => void): Promise<{ node: LedgerNode; ports: NodePorts }> {
    const lock = await lockFolder(config.dataFolder);
    const node = new LedgerNode(config, await loadIdentity(config.dataFolder), logger, onDrain, fatal);
    node.lock = lock;
    const ports = await node.openListeners();
    const file = node.genesis.genesisFile();
    if (file !== null) await node.startChain(file);
    return { node, ports };
  }

  private constructor(
    private readonly config: NodeConfig,
    readonly identity: Identity,
    private readonly logger: Logger,
    private readonly onDrain: () => void,
    private readonly fatal: (error: Error) => void,
  ) {
    this.genesis = new GenesisFolder(join(config.dataFolder, 'genesis'));
    this.backend = new NodeBackend(identity.publicKey);
  }

  /** @throws ControlRefusal `noGenesis`. */
  binding(member: number, purpose: BindingPurpose): NodeBinding {
    if (this.chain === undefined) throw new ControlRefusal(409, 'noGenesis', 'this node has no chain yet: give it a genesis first');
    const { store } = this.chain;
    return bindNode(this.identity, store.genesisHash, member, purpose === 'register' ? { height: 0n, hash: store.genesisHash } : store.head());
  }

  status(): Record<string, unknown> {
    const head = this.chain?.store.head();
    return {
      phase: this.chain?.phase ?? (this.joining === undefined ? 'waiting' : 'syncing'),
      publicKey: to0x(this.identity.publicKey),
      genesisHash: this.chain === undefined ? null : to0x(this.chain.store.genesisHash),
      height: Number(head?.height ?? 0n),
      headHash: head === undefined ? null : to0x(head.hash),
      headTimeMs: head === undefined ? null : Number(head.timeMs),
      peers: (this.chain ?? this.joining)?.mesh.up.length ?? 0,
      version: VERSION,
      protocolVersion: PROTOCOL_VERSION,
      uptimeMs: Date.now() - this.startedAtMs,
      ...(this.chain?.reason === undefined ? {} : { reason: this.chain.reason }),
    };
  }

  /** Finishes the write that is under way, then closes everything. */
  async stop(): Promise<void> {
    this.stopping = true;
    clearInterval(this.resting);
    for (const listener of this.listeners) listener.close();
    for (const server of this.rpcServers) server.close();
    await this.installing.catch(() => undefined);
    this.joining?.stop();
    await this.joined;
    await this.chain?.stop();
    for (const server of this.httpServers) server.closeAllConnections();
    for (const socket of this.sockets) socket.destroy();
    this.lock?.close();
  }

  private async openListeners(): Promise<NodePorts> {
    const { config, identity } = this;
    const has = (keys: readonly Uint8Array[]) => (key: Uint8Array): boolean => keys.some((one) => equalBytes(one, key));
    const enrolment = new Enrolment(identity, config.enrolSecret, () => this.genesis.genesisFile() !== null);
    const control = createControlServer(this.control, enrolment, (socket) => this.keys.get(socket) ?? new Uint8Array());
    const rpc = createHttpServer();
    // The gateway keeps its connections: a handshake for each call would cost more than the call.
    rpc.keepAliveTimeout = RPC_KEEP_ALIVE_MS;
    this.attach(rpc, false);
    this.httpServers.push(control);
    const peerListener = createPinnedListener(identity, (key) => this.chain?.admits(key) ?? false, (socket, key) => this.chain?.accept(socket, key));
    const controlListener = createPinnedListener(identity, has(config.controlKeys), (socket, key) => this.serve(control, socket, key));
    const rpcListener = createPinnedListener(identity, has(config.rpcKeys), (socket, key) => this.serve(rpc, socket, key));
    this.listeners.push(peerListener, controlListener, rpcListener);
    const [peer, controlPort, rpcPort] = await Promise.all([
      listen(peerListener, config.host, config.peerPort),
      listen(controlListener, config.host, config.controlPort),
      listen(rpcListener, config.host, config.rpcPort),
    ]);
    return { peer, control: controlPort, rpc: rpcPort, dev: await this.openDevListener() };
  }

  private async openDevListener(): Promise<number | null> {
    const { devRpc } = this.config;
    if (devRpc === undefined) return null;
    const server = createHttpServer();
    this.attach(server, true);
    this.listeners.push(server);
    return listen(server, devRpc.host, devRpc.port);
  }

  private attach(server: HttpServer, cors: boolean): void {
    this.httpServers.push(server);
    const onFault = (method: string, error: unknown): void => this.logger.error('a call failed', { method, reason: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    this.rpcServers.push(attachRpc(server, this.backend, { cors, onFault }));
  }

  private serve(server: HttpServer, socket: TLSSocket, key: Uint8Array): void {
    this.keys.set(socket, key);
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    server.emit('connection', socket);
  }

  private readonly control = {
    status: (): Record<string, unknown> => this.status(),
    metrics: (): string => metricsText(this.chain, this.startedAtMs),
    binding: (member: number, purpose: BindingPurpose): NodeBinding => this.binding(member, purpose),
    drain: (): void => void setImmediate(this.onDrain),
    putGenesis: (genesisFile: unknown, endpoints: Endpoints): Promise<void> => {
      const installed = this.installing.catch(() => undefined).then(() => this.install(genesisFile, endpoints));
      this.installing = installed;
      return installed;
    },
    putEndpoints: (endpoints: Endpoints): void => {
      this.genesis.putEndpoints(endpoints);
      (this.chain ?? this.joining)?.setEndpoints(endpoints);
    },
  };

  private async install(genesisFile: unknown, endpoints: Endpoints): Promise<void> {
    const { genesis, genesisHash } = genesisFromJson(genesisFile);
    const installed = this.genesis.genesisFile();
    if (installed !== null && installed.genesisHash !== to0x(genesisHash)) throw new ControlRefusal(409, 'otherGenesis', `this node is of the chain with genesisHash ${installed.genesisHash}`);
    if (genesis.protocolVersion !== PROTOCOL_VERSION) throw new ControlRefusal(400, 'protocolVersion', `genesis asks for protocol version ${genesis.protocolVersion}; this program knows ${PROTOCOL_VERSION}`);
    this.genesis.putEndpoints(endpoints);
    if (installed === null) this.genesis.putGenesis(genesisFile);
    const known = this.chain ?? this.joining;
    if (known !== undefined) known.setEndpoints(endpoints);
    else await this.startChain(genesisFile as GenesisFile);
  }

  /** Where the node begins from a snapshot, that goes on after this: it may take long, and the control listener shall not wait. */
  private async startChain(file: GenesisFile): Promise<void> {
    const { genesis } = genesisFromJson(file);
    const { dataFolder, sync } = this.config;
    if (sync === 'genesis' || existsSync(join(dataFolder, 'chain'))) return this.openChain(file);
    const joining = new SnapshotJoin({ identity: this.identity, genesis, endpoints: this.genesis.endpoints(), dataFolder, logger: this.logger });
    this.joining = joining;
    this.joined = joining.run().then(() => this.openChain(file)).catch((error: unknown) => {
      if (!this.stopping) this.fatal(error instanceof Error ? error : new Error(String(error)));
    });
  }

  private async openChain(file: GenesisFile): Promise<void> {
    const { genesis } = genesisFromJson(file);
    const chain = await Chain.open({
      identity: this.identity, genesis, endpoints: this.genesis.endpoints(), dataFolder: this.config.dataFolder, history: this.config.history, program: this.config.program, logger: this.logger, fatal: this.fatal,
    });
    this.chain = chain;
    this.resting = collectAtRest(() => chain.counters.transactionsCommitted);
    this.joining = undefined;
    this.backend.attach(chain, file);
    chain.start();
    this.logger.info('chain started', { genesisHash: file.genesisHash, height: Number(chain.store.head().height), validator: chain.isValidator });
  }
}
