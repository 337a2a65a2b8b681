import { EventEmitter } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { TEST_EVM_CHAIN_ID, TestWorld } from '../../sync/testing/test-world.js';
import { Wallet } from '../../../../../libs/evm/testing/wallet.js';
import { encodeFrame, FRAME, type FrameType } from '../frames.js';
import { helloFrame } from '../messages.js';
import { corpusOf, type CorpusFrame } from './corpus.js';
import { mutate, type Random } from './mutate.js';

const BLOCKS = 6;
/** Between turns of the event loop. */
const BURST = 40;
const MAX_TYPE = 20;
/** Turns that a link may stay paused: what waits of it is handled by then. */
const MAX_PAUSED_TURNS = 20_000;

/** What a link uses of a socket. What is sent into it is read at once, by nobody. */
class DeafSocket extends EventEmitter {
  readonly writableLength = 0;
  written = 0;
  closed = false;
  private paused = false;

  write(bytes: Uint8Array): boolean {
    this.written += bytes.length;
    return true;
  }
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
  }
  isPaused(): boolean {
    return this.paused;
  }
  destroy(): void {
    this.closed = true;
    this.emit('close');
  }
}

export interface FuzzReport {
  inputs: number;
  /** Connections that the node ended because of what came. */
  closed: number;
  /** What ended the node, which nothing may. */
  fatal: readonly string[];
  /** Whether it still answers who speaks properly. */
  answers: boolean;
}

/**
 * One node, and validators whose connections bring it sound frames, changed frames and noise: nothing may end it, and it must still serve
 * honest peers. The frames go through everything that a peer's bytes go through behind TLS.
 */
export async function fuzzPeer(inputs: number, random: Random, told: (done: number) => void = () => undefined): Promise<FuzzReport> {
  const world = await TestWorld.make({ validators: 4, params: { heartbeatIntervalMs: 600_000, trailingBlocks: 0 } });
  try {
    const wallet = new Wallet('fuzz before');
    const victim = world.member(0);
    await world.prefill([victim], BLOCKS, async (height) => [await wallet.sign({ chainId: Number(TEST_EVM_CHAIN_ID), to: `0x${'33'.repeat(20)}`, data: height % 2 === 0 ? '0x' : '0xab', gas: 60_000n })]);
    const chain = await victim.start([victim]);
    const keys = [world.member(1).identity, world.member(2).identity];
    const corpus = await corpusOf(chain.store, keys, TEST_EVM_CHAIN_ID);
    const hello = helloFrame({ genesisHash: chain.store.genesisHash, height: chain.store.head().height });
    const dial = (number: number): DeafSocket => {
      const socket = new DeafSocket();
      chain.accept(socket as unknown as TLSSocket, world.member(1 + (number % 2)).identity.publicKey);
      socket.emit('data', hello);
      return socket;
    };
    let [socket, closed] = [dial(0), 0];
    for (let i = 0; i < inputs; i++) {
      if (i % BURST === BURST - 1) await nextTurn();
      for (let turns = 0; socket.isPaused() && !socket.closed && turns < MAX_PAUSED_TURNS; turns++) await nextTurn();
      if (socket.closed) {
        closed += 1;
        socket = dial(closed);
      }
      const input = inputOf(corpus, random);
      socket.emit('data', input.bytes);
      // What looks like the beginning of a long frame would swallow all that follows: nobody goes on after noise.
      if (input.isNoise) socket.destroy();
      if (i % 100_000 === 99_999) told(i + 1);
    }
    const answers = chain.phase === 'running' && (await answersHonestly(dial(closed + 1), chain.store.head().height));
    return { inputs, closed, fatal: [...world.fatal], answers };
  } finally {
    await world.stop();
  }
}

function inputOf(corpus: readonly CorpusFrame[], random: Random): { bytes: Buffer; isNoise: boolean } {
  const some = (): CorpusFrame => corpus[random(corpus.length)] as CorpusFrame;
  const { type, payload } = some();
  const kind = random(20);
  const frame = (of: number, bytes: Uint8Array): { bytes: Buffer; isNoise: boolean } => ({ bytes: encodeFrame(of as FrameType, bytes), isNoise: false });
  if (kind === 0) return frame(type, payload);
  // Another kind of frame, or none that is known, with this payload; rarely a stream that is no frames at all.
  if (kind === 1) return frame(random(MAX_TYPE), payload);
  if (kind === 2) return { bytes: Buffer.from(Array.from({ length: random(200) }, () => random(256))), isNoise: true };
  return frame(type, mutate(payload, some().payload, random));
}

/** A block is asked for and comes. */
async function answersHonestly(socket: DeafSocket, height: bigint): Promise<boolean> {
  const before = socket.written;
  const wanted = Buffer.alloc(16);
  wanted.writeBigUInt64BE(height, 0);
  wanted.writeBigUInt64BE(height, 8);
  socket.emit('data', encodeFrame(FRAME.blocksWanted, wanted));
  for (let i = 0; i < 500 && socket.written - before < 200; i++) await new Promise((resolve) => setTimeout(resolve, 10));
  return socket.written - before >= 200;
}
