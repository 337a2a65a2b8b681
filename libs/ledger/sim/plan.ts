import type { FaultModel, Params } from '../src/index.js';

export const LIES = [
  'split', 'double', 'silent', 'dies', 'amnesia', 'forgedPolka', 'oldPolka', 'invalidBlock', 'twoBodies', 'outOfTurn', 'flood', 'foreign', 'replay', 'nonCanonical', 'badCertificate', 'falseSync', 'weakKey', 'frame',
] as const;
/**
 * What a faulty validator does: tells peers different things; tells everybody two; tells only some; says nothing more in a height, or ever, but one last thing to one peer; forgets its lock; proposes
 * with a polka that does not hold, or with an old one that does; proposes blocks that are not valid; proposes one header with two bodies; proposes when it is not its turn; floods with far rounds; says
 * what was said on another chain, or heights ago; breaks the encoding; makes up certificates; gives wrong blocks to who is behind;
 * has a weak key registered; accuses others; and with others, a third of the power or more, has two blocks of a height decided.
 */
export type Lie = (typeof LIES)[number] | 'conspires';

export const MISFORTUNES = ['flippedLog', 'lostRecord', 'flippedTail', 'staleDisk', 'newKey', 'brokenStore'] as const;
/**
 * What happens to one disk, once: a byte of the log flips, or a record in its middle is lost; the same to its end, which no log
 * can tell from a torn write; an old copy is put back unannounced; the same as it must be done, under a new key; a byte of the
 * stored blocks flips. `flippedTail` and `staleDisk` make the node one of the faulty.
 */
export type Misfortune = (typeof MISFORTUNES)[number];
/** After these the node may sign what contradicts its forgotten past: no software can know. */
export const AMNESIAC: ReadonlySet<Misfortune> = new Set<Misfortune>(['flippedTail', 'staleDisk']);

export type PacketKind = 'proposal' | 'prevote' | 'precommit' | 'certificate' | 'skipProof' | 'evidence' | 'shell';

export const DISTURBANCES = ['partition', 'pause', 'clock', 'crash', 'crashMany', 'site', 'fullDisk', 'misfortune'] as const;
export type Disturbance = (typeof DISTURBANCES)[number];

/** Everything about a run that follows from its seed before it begins. Times in virtual milliseconds; rates are probabilities. */
export interface Plan {
  seed: number;
  nodes: number;
  faultModel: FaultModel;
  /** Power of each node at genesis; 0 for one that only follows. */
  powers: bigint[];
  /** Faulty validators, with less than a third of the power, unless the run is to break; only under BFT. */
  liars: Map<number, readonly Lie[]>;
  /** Whose disk fails it, and how; its power and the liars' together stay below what may fail. */
  unlucky: { node: number; misfortune: Misfortune } | null;
  /** Where a third of the power or more lies: to which half each node belongs, as each half is told something else. Null where they are fewer. */
  camps: readonly (0 | 1)[] | null;
  params: Params;
  /** Phases of trouble; after each everything works, and every honest node must decide. Later ones only while heights are few. */
  troublesMs: readonly number[];
  dropRate: number;
  /** More of one kind of message is lost: so that some nodes lock, and nobody decides. */
  dropRates: Readonly<Record<PacketKind, number>>;
  /** How often the first node that decides a height is cut off at once: what it knows must not be needed, nor forgotten. */
  isolateRate: number;
  /** Whether now and then one node gets hardly any prevotes, so that it does not see what others lock. */
  deafness: boolean;
  /** A node that gets hardly any prevotes as long as there is trouble; −1 for none. */
  stray: number;
  /** Whether the network works for the schedules in which locks matter (director.ts). */
  directed: boolean;
  duplicateRate: number;
  /** In trouble messages take 1 ms to this, repeated ones four times as long. */
  maxDelayMs: number;
  /** Without trouble they take from … to. */
  healedDelayMs: readonly [number, number];
  /** Whether messages travel as bytes, through the real encoding. */
  encoded: boolean;
  /** Whether events of one tick run in an order that the seed draws. */
  shuffled: boolean;
  /** For each effect that is carried out. */
  crashRate: number;
  /** For each write that is made durable: how often the disk says no, which ends the process. */
  syncErrorRate: number;
  /** Time between two greater disturbances, and which. */
  disturbanceMs: number;
  disturbances: readonly Disturbance[];
  /** The site of each node; a whole site may be lost for a while. */
  sites: readonly number[];
  maxDiskMs: number;
  maxWorkMs: number;
  /** Whether transactions change the validators. */
  membership: boolean;
  transactionMs: number;
  /** Whether one node's inputs are kept and replayed: the machine is a function of them. */
  recorded: boolean;
  /** Whether shells give the machine messages of any height: it must see for itself that they are not of its own. */
  unsorted: boolean;
}
