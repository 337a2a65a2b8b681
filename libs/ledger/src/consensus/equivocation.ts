import type { Bytes } from '../encoding/index.js';
import { toHex } from '../encoding/index.js';
import type { Block } from '../formats/block.js';
import { evidencePlace, makeEvidence, verifyEvidence, type Evidence, type SignedMessage } from '../formats/evidence.js';
import { MAX_EVIDENCE_PER_BLOCK, MAX_EVIDENCE_WAITING } from './bounds.js';
import type { Effect } from './effect.js';
import type { State } from './state.js';

/** One equivocation, whichever two of its messages prove it. The sign bytes begin with kind, chain, height and round. */
const PLACE_BYTES = 45;
function keyOfEvidence(evidence: Evidence): string {
  return `${toHex(evidence.publicKey)}/${toHex(evidence.a.signBytes.subarray(0, PLACE_BYTES))}`;
}

/** Rule 10: two conflicting signed messages, both verified, are reported once and wait for a block. */
export function reportEquivocation(state: State, effects: Effect[], publicKey: Bytes, one: SignedMessage, other: SignedMessage): void {
  const evidence = makeEvidence(publicKey, one, other);
  const key = keyOfEvidence(evidence);
  if (state.evidence.has(key) || state.evidence.size >= MAX_EVIDENCE_WAITING) return;
  state.evidence.set(key, evidence);
  effects.push({ type: 'reportEvidence', evidence });
}

/** Whether a block of this height may carry it: its validator votes, or voted just before. */
function isAccusable({ context }: State, publicKey: Bytes): boolean {
  return context.validators.indexOf(publicKey) >= 0 || (context.prevValidators?.indexOf(publicKey) ?? -1) >= 0;
}

/** What this node's next block carries. Who has left the validators meanwhile is beyond any block: one that accused it would be invalid. */
export function evidenceForBlock(state: State): Evidence[] {
  for (const [key, { publicKey }] of state.evidence) if (!isAccusable(state, publicKey)) state.evidence.delete(key);
  const keys = [...state.evidence.keys()].sort().slice(0, MAX_EVIDENCE_PER_BLOCK);
  return keys.flatMap((key) => state.evidence.get(key) ?? []);
}

/** Whether a block's evidence holds: proven, each equivocation once, by somebody who votes or voted just before. */
export function evidenceHolds(state: State, block: Block): boolean {
  const { context, config } = state;
  if (block.evidence.length > MAX_EVIDENCE_PER_BLOCK) return false;
  const keys = new Set(block.evidence.map(keyOfEvidence));
  return keys.size === block.evidence.length && block.evidence.every((evidence) =>
    evidencePlace(evidence).height <= context.height &&
    isAccusable(state, evidence.publicKey) &&
    verifyEvidence(evidence, config.genesisHash, config.verify).ok);
}

/** After a decision: what stands in the block waits no longer. */
export function dropIncluded(state: State, block: Block): void {
  for (const evidence of block.evidence) state.evidence.delete(keyOfEvidence(evidence));
}
