import { BLOCK_1, BLOCK_2, COMMIT_2, GENESIS, hashOf, PROPOSAL, RESULTS } from '../../testing/samples.js';
import { LedgerError, ZERO_HASH } from '../encoding/index.js';
import { checkBlockBody, encodeBlock, MAX_TRANSACTION_BYTES } from './block.js';
import { encodeHeader, HEADER_BYTES } from './header.js';
import { encodeProposal } from './proposal.js';
import { buildReceipt } from './receipt.js';

it('a header has its fixed size', () => expect([BLOCK_1, BLOCK_2].map((block) => encodeHeader(block.header).length)).toEqual([HEADER_BYTES, HEADER_BYTES]));

describe('checkBlockBody', () => {
  const header = (change: object) => ({ ...BLOCK_2, header: { ...BLOCK_2.header, ...change } });

  it('takes the sample blocks', () => expect([BLOCK_1, BLOCK_2].map(checkBlockBody)).toEqual([null, null]));

  it.each([
    ['a transaction missing', { ...BLOCK_2, transactions: BLOCK_2.transactions.slice(1) }, 'txCount'],
    ['another count', header({ txCount: 6 }), 'txCount'],
    ['transactions in another order', { ...BLOCK_2, transactions: [...BLOCK_2.transactions].reverse() }, 'txRoot'],
    ['evidence left out', { ...BLOCK_2, evidence: [] }, 'evidenceRoot'],
    ['another commit below', { ...BLOCK_2, lastCommit: COMMIT_2 }, 'prevCommitHash'],
    ['no commit below', { ...BLOCK_2, lastCommit: null }, 'prevCommitHash'],
    ['no commit below, and said so', { ...header({ prevCommitHash: ZERO_HASH }), lastCommit: null }, 'prevCommitHash'],
    ['a commit below height 1', header({ height: 1n }), 'prevCommitHash'],
    ['another root', header({ txRoot: hashOf('x') }), 'txRoot'],
  ])('%s', (_name, block, expected) => expect(checkBlockBody(block)).toBe(expected));
});

it('a transaction beyond the bound is not written', () => {
  expect(() => encodeBlock({ ...BLOCK_1, transactions: [new Uint8Array(MAX_TRANSACTION_BYTES + 1)] })).toThrow(LedgerError);
});

it.each([
  ['a polka without its round', { ...PROPOSAL, polRound: -1 }],
  ['a round without its polka', { ...PROPOSAL, polka: null }],
  ['a round below −1', { ...PROPOSAL, polRound: -2 }],
  ['the round that stands for none', { ...PROPOSAL, polRound: 0xffff_ffff }],
])('a proposal with %s is not written', (_name, proposal) => expect(() => encodeProposal(proposal)).toThrow(LedgerError));

it('there is no receipt of a transaction that the block does not have', () => {
  expect(() => buildReceipt({ genesis: GENESIS, block: BLOCK_2, results: RESULTS, index: 5, certificate: COMMIT_2, validatorChanges: [] })).toThrow(LedgerError);
});
