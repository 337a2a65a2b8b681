import { sha256, type Bytes, type Proposal, type State } from '../../src/index.js';
import type { Prng } from '../prng.js';
import type { Forger } from './forger.js';

/** What each of the two camps is told in one round. */
type Story = readonly [Proposal, Proposal];

const HONEST_RATE = 0.2;
const INVALID_RATE = 0.3;

/**
 * Faulty validators with a third of the power or more act together: a block for each half of the others, and votes for it, so that
 * both are decided. With a quorum of their own they also certify what is not valid.
 */
export class Conspiracy {
  private readonly stories = new Map<string, Story | null>();

  /** @param camps of each node, 0 or 1. @param quorum whether they decide without anybody else. */
  constructor(
    private readonly camps: readonly (0 | 1)[],
    private readonly quorum: boolean,
    private readonly random: Prng,
  ) {}

  /** What this peer gets instead of a conspirator's proposal. */
  proposal(state: State, proposal: Proposal, forger: Forger, to: number): Proposal {
    const place = placeOf(proposal.height, proposal.round, state.context.prevHash);
    let story = this.stories.get(place);
    if (story === undefined) {
      story = this.random.chance(HONEST_RATE) ? null : this.invent(proposal, forger);
      this.stories.set(place, story);
    }
    return story === null ? proposal : story[this.camps[to] ?? 0];
  }

  /** For which block conspirators vote towards this peer; undefined where they agreed on nothing. */
  blockFor(state: State, height: bigint, round: number, to: number): Bytes | undefined {
    return this.stories.get(placeOf(height, round, state.context.prevHash))?.[this.camps[to] ?? 0].blockHash;
  }

  private invent(proposal: Proposal, forger: Forger): Story {
    const { block } = proposal;
    const { header } = block;
    const later = forger.propose(proposal, { ...block, header: { ...header, timeMs: header.timeMs + 1n } });
    if (!this.quorum || !this.random.chance(INVALID_RATE)) return [proposal, later];
    const invalid = forger.propose(proposal, { ...block, header: { ...header, stateRoot: sha256(header.stateRoot) } });
    return this.random.chance(0.5) ? [invalid, invalid] : [proposal, invalid];
  }
}

/** Conspirators may be on different branches: a story belongs to one. */
function placeOf(height: bigint, round: number, prevHash: Bytes): string {
  return `${height}/${round}/${prevHash.join()}`;
}
