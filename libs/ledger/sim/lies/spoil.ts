import { certificateHash, checkBlockBody, equalBytes, evidenceRoot, sha256, toHex, transactionsRoot, type Block, type Bytes, type State } from '../../src/index.js';
import { NODE_KEYS } from '../keys.js';
import type { Prng } from '../prng.js';
import { transactionOf } from '../transactions.js';
import type { Forger } from './forger.js';

/** Those that only one check stands against come more often. */
const FAULTS = [0, 1, 1, 2, 2, 3, 4, 5, 6, 6, 7, 7, 8, 8, 9, 10, 11, 12, 12, 13, 13, 13, 14, 14, 14, 15, 16, 16];
const HOUR_MS = 3_600_000n;
const UNSIGNED = Uint8Array.of(0, 0xff, 0xfe, 0);

/** A block that honest nodes must not decide: each fault is one that only one check finds. */
export function spoil(block: Block, state: State, forger: Forger, random: Prng): Block {
  const { header, lastCommit, transactions } = block;
  const withHeader = (changes: Partial<Block['header']>): Block => ({ ...block, header: { ...header, ...changes } });
  switch (random.pick(FAULTS)) {
    case 0: return withHeader({ stateRoot: sha256(header.stateRoot) });
    case 1: return withHeader({ timeMs: 0n });
    case 2: return withHeader({ prevHash: sha256(header.prevHash) });
    case 3: return withHeader({ timeMs: header.timeMs + HOUR_MS });
    case 4: return withHeader({ validatorsHash: sha256(header.validatorsHash) });
    case 5: return withHeader({ nextValidatorsHash: sha256(header.nextValidatorsHash) });
    case 6: return withHeader({ genesisHash: sha256(header.genesisHash) });
    case 7: return withHeader({ proposer: NODE_KEYS.find((key) => state.context.validators.indexOf(key) < 0) ?? header.proposer });
    case 8: return withHeader({ receiptsRoot: sha256(header.receiptsRoot) });
    case 9: return withTransactions(block, [...transactions, ...(transactions.length > 0 ? transactions.slice(0, 1) : [UNSIGNED])]);
    case 10: return withTransactions(block, [...transactions, UNSIGNED]);
    // The header stays: the body is another's.
    case 11: return { ...block, transactions: [...transactions, transactionOf(0xff00 + random.below(250), { type: 'plain' })] };
    case 12: return framing(block, state, forger, random);
    case 14: return repeating(block, state, forger, random);
    case 15: return withHeader({ paramsHash: sha256(header.paramsHash) });
    case 16: return twice(block, state, forger);
    default: {
      if (lastCommit === null) return withHeader({ height: header.height + 1n });
      const forged = random.chance(0.5) ? forger.certificate(state, lastCommit) : { ...lastCommit, signatures: lastCommit.signatures.slice(1) };
      // In ascending order and none twice: anything else has no encoding, so no hash.
      const signatures = forged.signatures.filter(({ validator }, i) => forged.signatures.findIndex((one) => one.validator === validator) === i);
      const other = { ...forged, signatures };
      return { ...block, lastCommit: other, header: { ...header, prevCommitHash: certificateHash(other) } };
    }
  }
}

/** State and receipts stay as they were: whoever executes it sees that they do not fit, or that a transaction cannot be. */
function withTransactions(block: Block, transactions: readonly Bytes[]): Block {
  return { ...block, transactions, header: { ...block.header, txRoot: transactionsRoot(transactions), txCount: transactions.length } };
}

/** Accuses a validator of two votes that it never signed. */
function framing(block: Block, state: State, forger: Forger, random: Prng): Block {
  const { validators, height } = state.context;
  const accused = random.pick(validators.validators.filter(({ publicKey }) => !equalBytes(publicKey, forger.key)));
  return withEvidence(block, [forger.evidence(accused.publicKey, { kind: 'prevote', height, round: random.below(3) })]);
}

/** Accuses itself, which is true, of what a block below holds already; where none does, of something new, which no check is against. */
function repeating(block: Block, state: State, forger: Forger, random: Prng): Block {
  const own = [...state.context.accused.heights.keys()].map((key) => key.split('/')).filter(([key]) => key === toHex(forger.key));
  const [, kind, height, round] = own.length > 0 ? random.pick(own) : [];
  const place = kind === 'prevote' || kind === 'precommit' ? { kind, height: BigInt(height ?? 0), round: Number(round) } as const : { kind: 'prevote', height: state.context.height, round: 0 } as const;
  return withEvidence(block, [forger.evidence(forger.key, place)]);
}

/** Accuses itself of one thing two times, with other messages. */
function twice(block: Block, state: State, forger: Forger): Block {
  const place = { kind: 'prevote' as const, height: state.context.height, round: 0 };
  return withEvidence(block, [1, 2].map((variant) => forger.evidence(forger.key, place, variant)));
}

function withEvidence(block: Block, evidence: Block['evidence']): Block {
  const spoiled = { ...block, evidence, header: { ...block.header, evidenceRoot: evidenceRoot(evidence) } };
  return checkBlockBody(spoiled) === null ? spoiled : block;
}
