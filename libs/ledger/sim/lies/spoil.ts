import { certificateHash, checkBlockBody, evidenceRoot, makeEvidence, sha256, transactionsRoot, type Block, type Bytes, type State } from '../../src/index.js';
import { NODE_KEYS } from '../keys.js';
import { voteBytes } from '../oracle.js';
import type { Prng } from '../prng.js';
import { transactionOf } from '../transactions.js';
import { FORGED, type Forger } from './forger.js';

/** Those that only one check stands against come more often. */
const FAULTS = [0, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 12, 12, 13, 13, 13, 13];
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
    case 12: return framing(block, state, random);
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

/** Accuses an honest validator of two votes: with signatures that are none, or with one of its own votes on both sides. */
function framing(block: Block, state: State, random: Prng): Block {
  const { context } = state;
  const accused = random.pick(context.validators.validators);
  const content = { kind: 'prevote' as const, height: context.height, round: random.below(3) };
  const signed = (blockHash: Bytes | null): { signBytes: Bytes; signature: Bytes } => ({ signBytes: voteBytes({ ...content, blockHash }), signature: FORGED });
  const evidence = [makeEvidence(accused.publicKey, signed(null), signed(sha256(block.header.stateRoot)))];
  const spoiled = { ...block, evidence, header: { ...block.header, evidenceRoot: evidenceRoot(evidence) } };
  return checkBlockBody(spoiled) === null ? spoiled : block;
}
