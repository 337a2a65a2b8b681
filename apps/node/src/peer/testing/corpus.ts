import { blockHash, encodeBlock, encodeCertificate, encodeEvidence, makeEvidence, proposalSignBytes, sign, voteSignBytes, Writer, type Block, type Bytes, type KeyPair, type Vote, type VoteKind } from '#ledger';
import type { ChainStore } from '#evm';
import { Wallet } from '../../../../../libs/evm/testing/wallet.js';
import { blocksEndFrame, blocksWantedFrame, decidedBlockFrame, heldFrame, helloFrame, messageFrame, transactionsFrame } from '../messages.js';
import { encodeFrame, FRAME } from '../frames.js';
import { snapshotPartFrame, snapshotWantedFrame } from '../../sync/snapshot/protocol.js';

/** A frame without its length: type and payload. */
export interface CorpusFrame {
  type: number;
  payload: Uint8Array;
}

const HEADER_BYTES = 5;
const split = (frame: Buffer): CorpusFrame => ({ type: frame[4] as number, payload: Uint8Array.from(frame.subarray(HEADER_BYTES)) });

/** Sound frames of every kind for a chain whose validators' keys the sender has; what they are mutated from. */
export async function corpusOf(store: ChainStore, keys: readonly KeyPair[], evmChainId: bigint): Promise<CorpusFrame[]> {
  const head = store.head();
  const block = store.block(head.height) as Block;
  const certificate = head.certificate;
  if (certificate === null) throw new Error('the chain has no block yet');
  const { genesisHash } = store;
  const validators = store.validatorsAt(head.height + 1n);
  const voteOf = (key: KeyPair, kind: VoteKind, round: number, hash: Bytes | null): Vote => {
    const content = { kind, height: head.height + 1n, round, blockHash: hash };
    return { ...content, validator: validators.indexOf(key.publicKey), signature: sign(key.privateKey, voteSignBytes(genesisHash, content)) };
  };
  const [one, two] = keys as [KeyPair, KeyPair];
  const votes = [voteOf(one, 'prevote', 0, null), voteOf(two, 'precommit', 1, null), voteOf(one, 'prevote', 3, head.hash), voteOf(two, 'precommit', 0, head.hash)];
  const conflicting = [null, head.hash].map((hash) => {
    const content = { kind: 'prevote' as const, height: head.height, round: 2, blockHash: hash };
    return { signBytes: voteSignBytes(genesisHash, content), signature: sign(one.privateKey, voteSignBytes(genesisHash, content)) };
  }) as [{ signBytes: Bytes; signature: Bytes }, { signBytes: Bytes; signature: Bytes }];
  const next: Block = { ...block, header: { ...block.header, height: head.height + 1n, prevHash: head.hash }, lastCommit: certificate };
  const place = { height: head.height + 1n, round: 0, polRound: -1, blockHash: blockHash(next.header) };
  const proposal = { ...place, proposer: validators.indexOf(one.publicKey), block: next, polka: null, signature: sign(one.privateKey, proposalSignBytes(genesisHash, place)) };
  const wallet = new Wallet('fuzz');
  const raws: Bytes[] = [];
  for (let i = 0; i < 4; i++) raws.push(await wallet.sign({ chainId: Number(evmChainId), to: `0x${'44'.repeat(20)}`, data: i % 2 === 0 ? '0x' : '0x1234', gas: 60_000n }));
  const bodies = new Writer().u64(head.height + 1n).u32(0);
  bodies.list(raws, 100, (raw) => bodies.bytes(raw, 131_072));
  const indices = new Writer().u64(head.height + 1n).u32(0);
  indices.list([0, 1], 100, (index) => indices.u32(index));
  return [
    helloFrame({ genesisHash, height: head.height }), helloFrame({ genesisHash, height: head.height + 1000n }),
    ...votes.map((vote) => messageFrame({ type: 'vote', vote })), messageFrame({ type: 'skipProof', votes }), messageFrame({ type: 'certificate', certificate }),
    messageFrame({ type: 'proposal', proposal }), messageFrame({ type: 'evidence', evidence: makeEvidence(one.publicKey, ...conflicting) }),
    transactionsFrame(raws), heldFrame([head.hash, genesisHash]), blocksWantedFrame(1n, head.height), blocksWantedFrame(0n, 2n ** 63n), blocksEndFrame(1n, head.height),
    decidedBlockFrame(block, certificate), encodeFrame(FRAME.decidedBlock, new Writer().bytes(encodeBlock(next), 2 ** 31).bytes(encodeCertificate(certificate), 2 ** 31).finish()),
    encodeFrame(FRAME.ping, new Uint8Array()), encodeFrame(FRAME.bodies, bodies.finish()), encodeFrame(FRAME.bodiesWanted, indices.finish()), encodeFrame(FRAME.evidence, encodeEvidence(makeEvidence(one.publicKey, ...conflicting))),
    snapshotWantedFrame(1, { kind: 'block', height: head.height }), snapshotWantedFrame(2, { kind: 'headers', from: 1n, to: head.height }), snapshotWantedFrame(3, { kind: 'changes', from: 0n, below: head.height }),
    snapshotWantedFrame(4, { kind: 'part', height: head.height, place: { depth: 0, key: new Uint8Array(32) } }), snapshotWantedFrame(5, { kind: 'codes', hashes: [head.hash] }), snapshotPartFrame(6, new Uint8Array(100)),
  ].map(split);
}
