import { blockHash, type State } from '../../src/index.js';
import type { Decided } from '../chain.js';
import type { Prng } from '../prng.js';
import { transactionOf } from '../transactions.js';
import type { Forger } from './forger.js';

/** What a lying peer gives to who asks for a decided block. */
export function falseDecided(decided: Decided, state: State, forger: Forger, random: Prng): Decided {
  const { block, certificate } = decided;
  const header = { ...block.header, timeMs: block.header.timeMs + 1n };
  const other = { ...block, header };
  const named = { ...certificate, blockHash: blockHash(header) };
  switch (random.below(7)) {
    case 0: return { block: other, certificate: forger.certificate(state, named) };
    case 1: return { block: other, certificate: { ...named, signatures: forger.thin(state, named) } };
    case 2: return { block: { ...block, lastCommit: block.lastCommit === null ? null : { ...block.lastCommit, signatures: [] } }, certificate };
    case 3: return { block: other, certificate };
    // The body is not the header's: same hash, true certificate.
    case 4: return { block: { ...block, transactions: [...block.transactions, transactionOf(0xfe00 + random.below(250), { type: 'plain' })] }, certificate };
    case 5: return { block, certificate: { ...certificate, kind: 'prevote' } };
    default: return { block, certificate: { ...certificate, signatures: certificate.signatures.slice(0, -1) } };
  }
}
