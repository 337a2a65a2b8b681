import type { Bytes, Certificate, HaltProof, Input, State } from '../src/index.js';
import type { SimDisk } from './disk.js';
import type { Packet } from './network.js';

/** One node, as the world and the parts of its shell see it. */
export interface NodePort {
  readonly index: number;
  /** Under which it votes now. */
  readonly key: Bytes;
  readonly disk: SimDisk;
  readonly state: State;
  /** Stops when safety is lost. */
  readonly halting: { look(certificate: Certificate): void; halt(reason: string, proof: HaltProof): void };
  readonly up: boolean;
  /** A decided block is being written. */
  readonly busy: boolean;
  skewMs: number;
  start(): void;
  crash(): void;
  pause(forMs: number): void;
  resume(): void;
  /** From now on it votes under its second key. */
  takeNewKey(): void;
  /** Tells every peer the height of its chain. */
  announce(): void;
  /** Connects again: whoever hears it gets what waits in its pool. */
  greet(): void;
  greetPeer(to: number): void;
  tellMachine(): void;
  feed(input: Input): void;
  receive(from: number, packet: Packet): void;
  send(to: number, packet: Packet): void;
  submit(transaction: Bytes): void;
  peers(): readonly number[];
  /** In this process only: not after a crash. */
  later(delayMs: number, work: () => void): void;
  log(text: () => string): void;
  /** Where its inputs are kept: feeds them to a new machine, which must do the same. */
  replayInputs(): void;
}
