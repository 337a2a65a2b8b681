import type { Message, Vote } from '../src/index.js';
import type { Plan } from './plan.js';

/** Rounds are directed so long after their first message; then everything passes, so that nobody is stuck for ever. */
const HOLD_MS = 300;
const MODES = ['oneSees', 'oneSees', 'oneSees', 'oneDecides', 'oneDecides', 'oneDecides', 'oneDecides', 'free'] as const;
const MAX_PLACES = 4096;

interface Place {
  sinceMs: number;
  mode: (typeof MODES)[number];
  /** Gets no proposal, so votes nil; −1 for nobody. */
  blind: number;
  /** Sees the polka, or decides; the others see a quorum of votes, but never one for the block. */
  seer: number;
  /** Does not see the polka of this round; −1 for nobody. */
  unaware: number;
  /** Whose votes for a block a node has heard, by `kind/node`. */
  heard: Map<string, Set<number>>;
}

/**
 * A network that knows the protocol, and works for the schedules in which locks matter: in one round a single node sees the
 * polka and locks, in another a single node decides, while all others go on to the next round. Rounds are drawn from the seed.
 */
export class Director {
  private readonly places = new Map<string, Place>();
  private readonly quorum: number;

  constructor(private readonly plan: Plan) {
    const voters = plan.powers.filter((power) => power > 0n).length;
    this.quorum = plan.faultModel === 'BFT' ? Math.floor((2 * voters) / 3) + 1 : Math.floor(voters / 2) + 1;
  }

  /** Whether a message is lost on its way. */
  drops(from: number, to: number, message: Message, nowMs: number): boolean {
    switch (message.type) {
      case 'proposal': {
        const place = this.placeOf(message.proposal.height, message.proposal.round, nowMs);
        return place !== null && place.mode !== 'free' && place.blind === to;
      }
      case 'vote': return this.dropsVote(from, to, message.vote, nowMs);
      case 'certificate': return this.placeOf(message.certificate.height, message.certificate.round, nowMs) !== null || mix(this.plan.seed, Number(message.certificate.height), message.certificate.round, to + 256 + from) % 100 < 90;
      default: return false;
    }
  }

  private dropsVote(from: number, to: number, vote: Vote, nowMs: number): boolean {
    const place = this.placeOf(vote.height, vote.round, nowMs);
    if (place === null || vote.blockHash === null || place.mode === 'free') return false;
    const unaware = place.unaware === to && vote.kind === 'prevote';
    if (!unaware && (place.seer === to || vote.kind !== (place.mode === 'oneSees' ? 'prevote' : 'precommit'))) return false;
    const key = `${vote.kind}/${to}`;
    const heard = place.heard.get(key) ?? new Set();
    if (heard.has(from)) return false;
    // Who votes for the block itself hears itself as well. Who knew nothing of the polka votes nil, and needs one more to go on.
    if (heard.size >= this.quorum - (place.unaware === to ? 1 : 2)) return true;
    place.heard.set(key, heard.add(from));
    return false;
  }

  private direct(height: bigint, round: number): Pick<Place, 'mode' | 'blind' | 'seer' | 'unaware'> {
    const { seed, nodes } = this.plan;
    // Under equal power the turn height + round is the proposer's (rule 1).
    const turn = (Number(height) + round) % nodes;
    if (mix(seed, 0, 0, 0) % 5 < 3) return this.script(turn, round % 3);
    const drawn = mix(seed, Number(height), round, 1);
    const mode = MODES[drawn % MODES.length] ?? 'free';
    // Who is blind proposes next, and who sees proposes after that, or is a liar.
    const liars = [...this.plan.liars.keys()];
    const seer = drawn >>> 31 === 1 ? (turn + 2) % nodes : (liars[(drawn >>> 12) % (2 * liars.length)] ?? (drawn >>> 12) % nodes);
    return { mode, blind: mode === 'oneSees' || (drawn >>> 8) % 2 === 0 ? (turn + 1) % nodes : -1, seer, unaware: -1 };
  }

  /**
   * In three rounds: the proposer of the third alone locks a block; the proposer of the second, who saw nothing of it, has another
   * one decided, which it alone sees; the third proposes its block again. Whoever votes for it now was locked on the other one.
   */
  private script(turn: number, act: number): Pick<Place, 'mode' | 'blind' | 'seer' | 'unaware'> {
    const { nodes } = this.plan;
    switch (act) {
      case 0: return { mode: 'oneSees', blind: (turn + 1) % nodes, seer: (turn + 2) % nodes, unaware: -1 };
      case 1: return { mode: 'oneDecides', blind: -1, seer: turn, unaware: (turn + 1) % nodes };
      default: return { mode: 'free', blind: -1, seer: -1, unaware: -1 };
    }
  }

  /** Null where everything passes. */
  private placeOf(height: bigint, round: number, nowMs: number): Place | null {
    const key = `${height}/${round}`;
    let place = this.places.get(key);
    if (place === undefined) {
      if (this.places.size >= MAX_PLACES) return null;
      place = { sinceMs: nowMs, ...this.direct(height, round), heard: new Map() };
      this.places.set(key, place);
    }
    return nowMs - place.sinceMs > HOLD_MS ? null : place;
  }
}

/** 32 bits that follow from four numbers. */
function mix(a: number, b: number, c: number, d: number): number {
  let hash = 0x9e3779b9;
  for (const value of [a, b, c, d]) {
    hash = Math.imul(hash ^ value, 0x85ebca6b);
    hash ^= hash >>> 13;
    hash = Math.imul(hash, 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return hash >>> 0;
}
