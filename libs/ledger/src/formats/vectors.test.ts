import { pinned } from '../../testing/pinned.js';
import * as sample from '../../testing/samples.js';
import { to0x } from '../encoding/index.js';
import type { KeyPair } from '../crypto/ed25519.js';
import { bindingSignBytes } from './binding.js';
import { encodeBlock } from './block.js';
import { buildReceipt } from './receipt.js';
import { certificateHash, encodeCertificate } from './certificate.js';
import { encodeEvidence } from './evidence.js';
import { genesisToJson } from './genesis-file.js';
import { encodeGenesis, founderMessage } from './genesis.js';
import { blockHash, encodeHeader } from './header.js';
import { paramsHash } from './params.js';
import { encodeProposal, proposalSignBytes } from './proposal.js';
import { encodeTxResult } from './result.js';
import { encodeValidatorChange } from './validator-change.js';
import { encodeValidators } from './validators.js';
import { encodeVote, voteSignBytes } from './vote.js';

/** Every format, pinned: a change that would make old chains unreadable fails here first. */
const vectors: Record<string, () => unknown> = {
  genesis: () => ({ canonical: to0x(encodeGenesis(sample.GENESIS)), genesisHash: to0x(sample.GENESIS_HASH), validatorsHash: to0x(sample.VALIDATORS.hash), founderMessage: founderMessage(sample.GENESIS_HASH) }),
  'genesis-file': () => genesisToJson(sample.GENESIS),
  params: () => ({ hash: to0x(paramsHash(sample.GENESIS.params)) }),
  header: () => [sample.BLOCK_1.header, sample.BLOCK_2.header].map((header) => ({ canonical: to0x(encodeHeader(header)), blockHash: to0x(blockHash(header)) })),
  certificate: () => [sample.COMMIT_1, sample.COMMIT_2, sample.POLKA_2].map((item) => ({ canonical: to0x(encodeCertificate(item)), hash: to0x(certificateHash(item)) })),
  vote: () => [sample.VOTE, sample.NIL_VOTE].map((vote) => ({ canonical: to0x(encodeVote(vote)), signBytes: to0x(voteSignBytes(sample.GENESIS_HASH, vote)) })),
  proposal: () => ({
    canonical: to0x(encodeProposal(sample.PROPOSAL)),
    signBytes: to0x(proposalSignBytes(sample.GENESIS_HASH, sample.PROPOSAL)),
    signBytesWithoutPolka: to0x(proposalSignBytes(sample.GENESIS_HASH, { ...sample.PROPOSAL, polRound: -1 })),
  }),
  evidence: () => ({ canonical: to0x(encodeEvidence(sample.EVIDENCE)) }),
  block: () => [sample.BLOCK_1, sample.BLOCK_2].map((block) => to0x(encodeBlock(block))),
  'transaction-result': () => sample.RESULTS.map((result) => to0x(encodeTxResult(result))),
  validators: () => to0x(encodeValidators(sample.VALIDATORS.validators)),
  'validator-change': () => to0x(encodeValidatorChange(sample.CHANGE_1)),
  binding: () => [{ height: 0n, blockHash: sample.GENESIS_HASH }, { height: 2n, blockHash: blockHash(sample.BLOCK_2.header) }].map((block) => to0x(bindingSignBytes(sample.GENESIS_HASH, { member: 1, publicKey: (sample.KEYS[0] as KeyPair).publicKey, ...block }))),
  receipt: () => buildReceipt({ genesis: sample.GENESIS, block: sample.BLOCK_2, results: sample.RESULTS, index: 3, certificate: sample.COMMIT_2, validatorChanges: [sample.CHANGE_1] }),
};

it.each(Object.keys(vectors))('testdata/%s.json', (name) => {
  const value = JSON.parse(JSON.stringify(vectors[name]?.())) as unknown;
  expect(value).toEqual(pinned(name, value));
});
