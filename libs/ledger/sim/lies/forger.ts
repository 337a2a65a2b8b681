import { blockHash, makeEvidence, sha256, type Block, type Bytes, type Certificate, type Evidence, type Proposal, type State, type Vote, type VoteContent } from '../../src/index.js';
import { signCheaply } from '../keys.js';
import { proposalBytes, voteBytes } from '../oracle.js';
import type { Prng } from '../prng.js';

type Signatures = Certificate['signatures'];

export const FORGED: Bytes = new Uint8Array(64).fill(0xff);

/** What faulty validators can sign together: they have each other's keys, what they heard, and nobody else's key. */
export class Forger {
  /** @param keys the public keys of all liars. */
  constructor(
    readonly key: Bytes,
    private readonly keys: readonly Bytes[],
    private readonly random: Prng,
  ) {}

  vote({ kind, height, round, blockHash: hash }: VoteContent, validator: number, genesisHash?: Bytes): Vote {
    const content = { kind, height, round, blockHash: hash };
    return { ...content, validator, signature: signCheaply(this.key, voteBytes(content, genesisHash)) };
  }

  proposal(proposal: Proposal, genesisHash?: Bytes): Proposal {
    return { ...proposal, signature: signCheaply(this.key, proposalBytes(proposal, genesisHash)) };
  }

  /** A proposal of a block of one's own making, named and signed. */
  propose(proposal: Proposal, block: Block): Proposal {
    return this.proposal({ ...proposal, block, blockHash: blockHash(block.header), polRound: -1, polka: null });
  }

  /** Proof of an equivocation of one's own; with signatures that are none, of somebody else's. Each variant holds other messages. */
  evidence(accused: Bytes, place: Omit<VoteContent, 'blockHash'>, variant = 1): Evidence {
    const signed = (hash: Bytes | null): Evidence['a'] => {
      const signBytes = voteBytes({ ...place, blockHash: hash });
      return { signBytes, signature: accused === this.key ? signCheaply(this.key, signBytes) : FORGED };
    };
    return makeEvidence(accused, signed(null), signed(sha256(accused, Uint8Array.of(variant))));
  }

  /** All true signatures for this that are to be had: the liars' own, and what others said. */
  thin(state: State, content: VoteContent): Signatures {
    const { validators } = state.context;
    const round = state.rounds.get(content.round);
    const heard = content.height === state.context.height ? (content.kind === 'prevote' ? round?.prevotes : round?.precommits)?.certificate(content.height, content.blockHash).signatures : undefined;
    const signatures = new Map((heard ?? []).map(({ validator, signature }) => [validator, signature]));
    for (const key of this.keys) {
      const validator = validators.indexOf(key);
      if (validator >= 0) signatures.set(validator, signCheaply(key, voteBytes(content)));
    }
    return [...signatures].sort(([a], [b]) => a - b).map(([validator, signature]) => ({ validator, signature }));
  }

  /** A certificate of what a quorum may never have said. */
  certificate(state: State, content: VoteContent): Certificate {
    const { kind, height, round, blockHash: hash } = content;
    const thin = this.thin(state, content);
    return { kind, height, round, blockHash: hash, signatures: this.stretch(state, thin) };
  }

  private stretch(state: State, thin: Signatures): Signatures {
    const { size } = state.context.validators;
    const everybody = Array.from({ length: size }, (_, validator) => validator);
    const own = thin[0];
    switch (this.random.below(6)) {
      case 0: return everybody.map((validator) => ({ validator, signature: FORGED }));
      case 1: return everybody.map((validator) => thin.find((one) => one.validator === validator) ?? { validator, signature: FORGED });
      // One signature as often as it takes.
      case 2: return own === undefined ? [] : [...thin, ...everybody.map(() => own)].sort((a, b) => a.validator - b.validator);
      // One's own signature under everybody's name.
      case 3: return own === undefined ? [] : everybody.map((validator) => ({ validator, signature: own.signature }));
      case 4: return [...thin, ...thin.map(({ signature }, i) => ({ validator: size + i, signature }))];
      default: return thin;
    }
  }
}
