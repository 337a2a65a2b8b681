import type { Input, State } from '../src/index.js';
import type { SimDisk } from './disk.js';
import type { Packet } from './network.js';

/** One node, as the world and the parts of its shell see it. */
export interface NodePort {
  readonly index: number;
  readonly disk: SimDisk;
  readonly state: State;
  readonly up: boolean;
  /** A decided block is being written. */
  readonly busy: boolean;
  skewMs: number;
  start(): void;
  crash(): void;
  pause(forMs: number): void;
  resume(): void;
  /** Tells every peer the height of its chain. */
  announce(): void;
  tellMachine(): void;
  feed(input: Input): void;
  receive(from: number, packet: Packet): void;
  send(to: number, packet: Packet): void;
  peers(): number[];
  /** In this process only: not after a crash. */
  later(delayMs: number, work: () => void): void;
  log(text: string): void;
}
