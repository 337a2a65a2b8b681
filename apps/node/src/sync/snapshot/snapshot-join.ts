import { join } from 'node:path';
import { blockHash, checkBlockBody, decodeAll, decodeBlock, decodeCertificate, equalBytes, fromHex, genesisHash, LightClient, sha256, type Block, type Bytes, type Certificate, type Genesis, type Header, type ValidatorChange } from '#ledger';
import { SnapshotWriter } from '#evm';
import type { Identity } from '../../identity/identity.js';
import type { Logger } from '../../log/logger.js';
import { FRAME } from '../../peer/frames.js';
import type { PeerLink } from '../../peer/link.js';
import { Mesh, type PeerEndpoints } from '../../peer/mesh.js';
import { Asking, NobodyHasIt } from './asking.js';
import { decodeChanges, decodeCodes, decodeHeaders, MAX_CHANGES, MAX_CODES, MAX_HEADERS } from './protocol.js';
import { StateFetch } from './state-fetch.js';

/** So long a second peer is waited for, before one is believed to be all there are. */
const SECOND_PEER_MS = 10_000;
const LOOK_AGAIN_MS = 50;
const AGAIN_AFTER_MS = 1000;

export interface JoinOptions {
  identity: Identity;
  genesis: Genesis;
  endpoints: PeerEndpoints;
  /** The node's folder; the store is its `chain`. */
  dataFolder: string;
  logger: Logger;
}

interface Head {
  block: Block;
  certificate: Certificate;
  /** Of all heights up to this one: how its validators came from genesis's. */
  changes: readonly ValidatorChange[];
}

/**
 * Makes the store of a node that begins from a snapshot: a block that a quorum certified, checked from genesis on by the light client,
 * and the state that its header names (docs/spec/sync.md, N1 to N5).
 */
export class SnapshotJoin {
  readonly mesh: Mesh;
  readonly asking: Asking;
  private stopped = false;
  private fetch: StateFetch | null = null;

  constructor(private readonly options: JoinOptions) {
    const { identity, genesis, logger } = options;
    this.mesh = new Mesh(identity, genesisHash(genesis), () => 0n, {
      up: () => undefined, height: () => undefined,
      down: (link) => this.asking.disconnected(link),
      frame: (link, type, payload) => this.hear(link, type, payload),
    }, logger);
    this.asking = new Asking(() => this.mesh.up.filter(({ height }) => (height ?? 0n) > 0n), logger);
  }

  get parts(): number {
    return this.fetch?.parts ?? 0;
  }

  /** Resolves with the height where the node begins. Tries again where peers change under it; throws only what no further try would mend. */
  async run(): Promise<bigint> {
    this.mesh.setEndpoints(this.options.endpoints);
    try {
      for (;;) {
        try {
          return await this.attempt();
        } catch (error) {
          if (!(error instanceof NobodyHasIt) || this.stopped) throw error;
          this.options.logger.warn('the snapshot is not to be had any more: another is tried', { reason: error.message });
          await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
        }
      }
    } finally {
      this.asking.stop();
      this.mesh.stop();
    }
  }

  setEndpoints(endpoints: PeerEndpoints): void {
    this.mesh.setEndpoints(endpoints);
  }

  stop(): void {
    this.stopped = true;
    this.asking.stop();
  }

  private hear(link: PeerLink, type: number, payload: Uint8Array): void {
    if (type !== FRAME.snapshotPart) return; // Peers tell of what they decide; this node cannot use it yet.
    try {
      this.asking.heard(payload);
    } catch (error) {
      link.close(`sent a malformed answer: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private async attempt(): Promise<bigint> {
    const { genesis, dataFolder, logger } = this.options;
    const height = await this.chooseHeight();
    const { block, certificate, changes } = await this.certifiedBlock(height);
    logger.info('begins from a snapshot', { height: Number(height), stateRoot: Buffer.from(block.header.stateRoot).toString('hex') });
    const writer = SnapshotWriter.begin(join(dataFolder, 'chain'), genesis, height);
    try {
      this.fetch = new StateFetch(this.asking, writer, height);
      const { stateRoot } = block.header;
      const root = equalBytes(stateRoot, NO_STATE) ? null : await this.fetch.run(Buffer.from(stateRoot).toString('latin1'));
      await this.fetchCodes(writer);
      const headers = await this.headersBelow(block.header);
      await writer.finish(root, { block, certificate, changes, headers });
      logger.info('the snapshot is whole', { height: Number(height), nodes: writer.nodes, parts: this.parts });
      return height;
    } catch (error) {
      await writer.abandon();
      throw error;
    }
  }

  /**
   * Of the highest that two peers announce; of one, where after a while there is only one. Announcements decide nothing but this. One below,
   * so that the newest block is executed here and can be read whole.
   */
  private async chooseHeight(): Promise<bigint> {
    const sinceMs = Date.now();
    for (;;) {
      if (this.stopped) throw new Error('the node is stopping');
      const heights = this.mesh.up.map(({ height }) => height ?? 0n).filter((height) => height > 0n).sort((a, b) => Number(b - a));
      const one = heights[0];
      const two = heights[1];
      const height = two ?? (Date.now() - sinceMs > SECOND_PEER_MS ? one : undefined);
      if (height !== undefined && height > 1n) return height - 1n;
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }

  /** The block, believed by genesis's validators; of two peers where there are two, so that a fork shows. */
  private async certifiedBlock(height: bigint): Promise<Head> {
    const light = LightClient.fromGenesis(this.options.genesis);
    const witnesses = this.mesh.up.filter((link) => (link.height ?? 0n) >= height).slice(0, 2);
    const heads: Head[] = [];
    for (const link of witnesses) heads.push(...(await this.headOf(light, height, link).then((head) => [head], () => [])));
    if (light.conflict !== null) throw new Error(`this node does not begin: ${light.conflict.message}`);
    return heads[0] ?? this.headOf(light, height);
  }

  /** What one peer says of the block. The changes are believed one after another, so that one who leaves some out has no head to offer. */
  private async headOf(light: LightClient, height: bigint, link?: PeerLink): Promise<Head> {
    const changes: ValidatorChange[] = [];
    for (let last = MAX_CHANGES; last === MAX_CHANGES; ) {
      const from = (changes.at(-1)?.header.height ?? 0n) + 1n;
      const more = await this.asking.ask({ kind: 'changes', from, below: height + 1n }, (answer) => readChanges(light, answer, from, height), link);
      changes.push(...more);
      last = more.length;
    }
    const head = await this.asking.ask({ kind: 'block', height }, (answer) => {
      const read = readBlock(answer, height);
      const check = light.accept({ header: read.block.header, certificate: read.certificate });
      if (!check.ok && check.code !== 'conflict') throw new Error(check.message);
      const { header } = read.block;
      const isChange = !equalBytes(header.nextValidatorsHash, header.validatorsHash);
      if (isChange !== (changes.at(-1)?.header.height === height)) throw new Error(`the change of validators at height ${height} was left out, or made up`);
      return read;
    }, link);
    return { ...head, changes };
  }

  private async fetchCodes(writer: SnapshotWriter): Promise<void> {
    while (writer.missingCode.size > 0) {
      const hashes = [...writer.missingCode].slice(0, MAX_CODES).map((hash) => fromHex(hash));
      const codes = await this.asking.ask({ kind: 'codes', hashes }, (answer) => {
        const found = decodeCodes(answer);
        if (found.length === 0) throw new NobodyHasIt('a peer has no code that the state names');
        return found;
      });
      for (const code of codes) await writer.putCode(code);
    }
  }

  /** As many as BLOCKHASH can name, each by the hash that the one above gives it. */
  private async headersBelow(header: Header): Promise<Header[]> {
    const from = header.height > BigInt(MAX_HEADERS) ? header.height - BigInt(MAX_HEADERS) : 1n;
    if (header.height === 1n) return [];
    return this.asking.ask({ kind: 'headers', from, to: header.height - 1n }, (answer) => {
      const headers = decodeHeaders(answer);
      if (headers.length !== Number(header.height - from)) throw new Error('not the headers that were asked for');
      let above = header;
      for (const below of [...headers].reverse()) {
        if (below.height + 1n !== above.height || !equalBytes(blockHash(below), above.prevHash)) throw new Error(`block ${above.height} does not follow the header that was sent`);
        above = below;
      }
      return headers;
    });
  }
}

/** Ascending changes from a height on, each certified by those whom the changes before it name. */
function readChanges(light: LightClient, answer: Bytes, from: bigint, upTo: bigint): ValidatorChange[] {
  const changes = decodeChanges(answer);
  let least = from;
  for (const change of changes) {
    const { height } = change.header;
    if (height < least || height > upTo) throw new Error(`a change of validators at height ${height} where ${least} to ${upTo} was asked for`);
    const check = light.acceptChange(change);
    if (!check.ok && check.code !== 'conflict') throw new Error(check.message);
    least = height + 1n;
  }
  return changes;
}

function readBlock(answer: Bytes, height: bigint): Omit<Head, 'changes'> {
  const { block, certificate } = decodeAll(answer, (reader) => ({ block: decodeBlock(reader.bytes(0xffff_ffff)), certificate: decodeCertificate(reader.bytes(0xffff_ffff)) }));
  if (block.header.height !== height) throw new Error(`block ${block.header.height} where ${height} was asked for`);
  const fault = checkBlockBody(block);
  if (fault !== null) throw new Error(`its body is not the header's: ${fault}`);
  return { block, certificate };
}

/** The root of a tree without leaves. */
const NO_STATE = sha256();
