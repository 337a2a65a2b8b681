import { keyPairOf, sign, type KeyPair } from '../src/crypto/ed25519.js';
import { sha256 } from '../src/crypto/hash.js';
import { compareBytes, utf8, ZERO_HASH, type Bytes } from '../src/encoding/index.js';
import { evidenceRoot, transactionsRoot, type Block } from '../src/formats/block.js';
import { certificateHash, type Certificate } from '../src/formats/certificate.js';
import { makeEvidence, type Evidence } from '../src/formats/evidence.js';
import { genesisHash, genesisValidators, type Genesis } from '../src/formats/genesis.js';
import { blockHash, type Header } from '../src/formats/header.js';
import { DEFAULT_PARAMS, paramsHash } from '../src/formats/params.js';
import type { ValidatorChange } from '../src/formats/validator-change.js';
import { proposalSignBytes, type Proposal } from '../src/formats/proposal.js';
import { resultsRoot, type TxResult } from '../src/formats/result.js';
import { ValidatorSet } from '../src/formats/validators.js';
import { voteSignBytes, type Vote, type VoteContent } from '../src/formats/vote.js';

/** A small signed chain of two blocks, the same on every run: what vectors pin and tests alter. */

/** 32 bytes that a text names. */
export const hashOf = (text: string): Bytes => sha256(utf8(text));

/** Four validators' keys, in the order of the validator set. */
export const KEYS: readonly KeyPair[] = [1, 2, 3, 4]
  .map((n) => keyPairOf(new Uint8Array(32).fill(n)))
  .sort((a, b) => compareBytes(a.publicKey, b.publicKey));

export const GENESIS: Genesis = {
  version: 2,
  evmChainId: 7_357_001n,
  faultModel: 'BFT',
  timeMs: 1_795_392_000_000n,
  hardfork: 'osaka',
  protocolVersion: 1,
  access: 'open',
  params: DEFAULT_PARAMS,
  members: [
    { name: 'Müller & Söhne', governance: new Uint8Array(20).fill(0xa1), operations: new Uint8Array(20).fill(0xa2) },
    { name: 'Acme', governance: new Uint8Array(20).fill(0xb1), operations: new Uint8Array(20).fill(0xb2) },
  ],
  validators: KEYS.map((key, index) => ({ publicKey: key.publicKey, power: BigInt(index + 10), member: index % 2 })),
  alloc: [{ address: new Uint8Array(20).fill(0xc1), balance: 10n ** 24n, code: Uint8Array.of(0x60, 0x00) }],
};

export const GENESIS_HASH = genesisHash(GENESIS);
export const VALIDATORS = genesisValidators(GENESIS);

export function certify(content: VoteContent, signers: readonly number[] = [0, 1, 2, 3]): Certificate {
  const message = voteSignBytes(GENESIS_HASH, content);
  return { ...content, signatures: signers.map((validator) => ({ validator, signature: sign((KEYS[validator] as KeyPair).privateKey, message) })) };
}

export function signedVote(content: VoteContent, validator: number): Vote {
  return { ...content, validator, signature: sign((KEYS[validator] as KeyPair).privateKey, voteSignBytes(GENESIS_HASH, content)) };
}

export const RESULTS: readonly TxResult[] = [1, 2, 3, 4, 5].map((n) => ({
  transactionHash: hashOf(`transaction ${n}`),
  status: n === 2 ? 0 : 1,
  gasUsed: BigInt(21_000 * n),
  contractAddress: n === 3 ? new Uint8Array(20).fill(0xd1) : null,
  logs: Array.from({ length: n - 1 }, (_, i) => ({
    address: new Uint8Array(20).fill(0xd1),
    topics: Array.from({ length: i }, (__, t) => hashOf(`topic ${t}`)),
    data: new Uint8Array(i * 7).fill(i),
  })),
}));

const TRANSACTIONS: readonly Bytes[] = [1, 2, 3, 4, 5].map((n) => new Uint8Array(n * 40).fill(n));

const header = (changes: Partial<Header>): Header => ({
  version: 1,
  genesisHash: GENESIS_HASH,
  height: 1n,
  prevHash: GENESIS_HASH,
  prevCommitHash: ZERO_HASH,
  timeMs: GENESIS.timeMs + 1n,
  proposer: (KEYS[0] as KeyPair).publicKey,
  txRoot: transactionsRoot([]),
  txCount: 0,
  stateRoot: hashOf('state 1'),
  receiptsRoot: resultsRoot([]),
  validatorsHash: VALIDATORS.hash,
  nextValidatorsHash: VALIDATORS.hash,
  paramsHash: paramsHash(GENESIS.params),
  evidenceRoot: evidenceRoot([]),
  ...changes,
});

export const BLOCK_1: Block = { header: header({}), transactions: [], lastCommit: null, evidence: [] };

export const COMMIT_1 = certify({ kind: 'precommit', height: 1n, round: 0, blockHash: blockHash(BLOCK_1.header) }, [0, 1, 3]);

/** As it would stand in a receipt; the header is not one of the chain above. */
export const CHANGE_1: ValidatorChange = (() => {
  const nextValidators = VALIDATORS.validators.slice(0, 3);
  const changed = { ...BLOCK_1.header, nextValidatorsHash: new ValidatorSet(nextValidators).hash };
  return { header: changed, certificate: certify({ kind: 'precommit', height: 1n, round: 0, blockHash: blockHash(changed) }, [0, 1, 3]), nextValidators };
})();

const signed = (content: VoteContent): { signBytes: Bytes; signature: Bytes } => ({
  signBytes: voteSignBytes(GENESIS_HASH, content),
  signature: signedVote(content, 2).signature,
});

export const EVIDENCE: Evidence = makeEvidence(
  (KEYS[2] as KeyPair).publicKey,
  signed({ kind: 'prevote', height: 1n, round: 4, blockHash: null }),
  signed({ kind: 'prevote', height: 1n, round: 4, blockHash: hashOf('another block') }),
);

export const BLOCK_2: Block = {
  header: header({
    height: 2n,
    prevHash: blockHash(BLOCK_1.header),
    prevCommitHash: certificateHash(COMMIT_1),
    timeMs: GENESIS.timeMs + 1000n,
    proposer: (KEYS[1] as KeyPair).publicKey,
    txRoot: transactionsRoot(TRANSACTIONS),
    txCount: TRANSACTIONS.length,
    stateRoot: hashOf('state 2'),
    receiptsRoot: resultsRoot(RESULTS),
    evidenceRoot: evidenceRoot([EVIDENCE]),
  }),
  transactions: TRANSACTIONS,
  lastCommit: COMMIT_1,
  evidence: [EVIDENCE],
};

export const COMMIT_2 = certify({ kind: 'precommit', height: 2n, round: 1, blockHash: blockHash(BLOCK_2.header) }, [1, 2, 3]);

export const POLKA_2 = certify({ kind: 'prevote', height: 2n, round: 0, blockHash: blockHash(BLOCK_2.header) });

export const VOTE = signedVote({ kind: 'precommit', height: 2n, round: 1, blockHash: blockHash(BLOCK_2.header) }, 3);
export const NIL_VOTE = signedVote({ kind: 'prevote', height: 2n, round: 0, blockHash: null }, 0);

const place = { height: 2n, round: 1, polRound: 0, blockHash: blockHash(BLOCK_2.header) };
export const PROPOSAL: Proposal = {
  ...place,
  proposer: 1,
  signature: sign((KEYS[1] as KeyPair).privateKey, proposalSignBytes(GENESIS_HASH, place)),
  block: BLOCK_2,
  polka: POLKA_2,
};
