import { equalBytes, toHex, type Bytes } from '../encoding/index.js';
import type { Block } from '../formats/block.js';
import { evidenceKind, evidencePlace, isConflict, makeEvidence, verifyEvidence, type Evidence, type SignedMessage } from '../formats/evidence.js';
import { MAX_EVIDENCE_AGE_HEIGHTS, MAX_EVIDENCE_OF_VALIDATOR, MAX_EVIDENCE_PER_BLOCK, MAX_EVIDENCE_WAITING } from './bounds.js';
import type { Effect } from './effect.js';
import type { Accused, State } from './state.js';

/** One equivocation, whichever two of its messages prove it: `key/kind/height/round`. */
export function evidenceKey(evidence: Evidence): string {
  const { height, round } = evidencePlace(evidence);
  return `${toHex(evidence.publicKey)}/${evidenceKind(evidence)}/${height}/${round}`;
}

/** Of a chain without blocks. */
export const NOBODY_ACCUSED: Accused = { from: 1n, heights: new Map() };

/** What stands in the blocks up to this one, which is the next. What is too old for any later block is forgotten. */
export function accusedAfter(accused: Accused, { header: { height }, evidence }: Block): Accused {
  if (evidence.length === 0) return accused;
  const heights = new Map([...accused.heights].filter(([, at]) => at + MAX_EVIDENCE_AGE_HEIGHTS > height));
  for (const one of evidence) heights.set(evidenceKey(one), height);
  return { from: accused.from, heights };
}

/** Rule 10: this node saw two conflicting messages and checked both signatures. */
export function reportEquivocation(state: State, effects: Effect[], publicKey: Bytes, one: SignedMessage, other: SignedMessage): void {
  const evidence = makeEvidence(publicKey, one, other);
  if (isWanted(state, evidence)) keep(state, effects, evidence);
}

/** Rule 10: the same from a peer, or kept by this node before it was started again. Nothing is believed. */
export function receiveEvidence(state: State, effects: Effect[], evidence: Evidence): void {
  const { genesisHash, verify } = state.config;
  if (isConflict(evidence) && isWanted(state, evidence) && verifyEvidence(evidence, genesisHash, verify).ok) keep(state, effects, evidence);
}

/** It is told once: who has it already says nothing. */
function keep(state: State, effects: Effect[], evidence: Evidence): void {
  state.evidence.set(evidenceKey(evidence), evidence);
  effects.push({ type: 'reportEvidence', evidence }, { type: 'broadcast', message: { type: 'evidence', evidence } });
}

/** Whether it is new, a block may hold it, and there is room for it. Cheaper than its signatures. */
function isWanted(state: State, evidence: Evidence): boolean {
  const key = evidenceKey(evidence);
  if (state.evidence.has(key) || !mayStand(state, evidence) || !isNew(state, evidence, key) || state.evidence.size >= MAX_EVIDENCE_WAITING) return false;
  const ofValidator = [...state.evidence.values()].filter((one) => equalBytes(one.publicKey, evidence.publicKey)).length;
  return ofValidator < MAX_EVIDENCE_OF_VALIDATOR;
}

/** Whether no block below holds it, as far as this node can know: a block that does is no older than the equivocation. */
function isNew({ context: { accused } }: State, evidence: Evidence, key: string): boolean {
  return evidencePlace(evidence).height >= accused.from && !accused.heights.has(key);
}

/** Whether a block of this height may hold it: it is neither of a later height nor too old, and its validator votes, or voted just before. */
function mayStand({ context }: State, evidence: Evidence): boolean {
  const { height } = evidencePlace(evidence);
  const { publicKey } = evidence;
  if (height > context.height || height + MAX_EVIDENCE_AGE_HEIGHTS < context.height) return false;
  return context.validators.indexOf(publicKey) >= 0 || (context.prevValidators?.indexOf(publicKey) ?? -1) >= 0;
}

/** What this node's next block carries. */
export function evidenceForBlock(state: State): Evidence[] {
  const keys = [...state.evidence.keys()].sort().slice(0, MAX_EVIDENCE_PER_BLOCK);
  return keys.flatMap((key) => state.evidence.get(key) ?? []);
}

/** Whether a block's evidence holds: each equivocation once, of this height or not long before, proven. */
export function evidenceHolds(state: State, block: Block): boolean {
  const { config } = state;
  if (block.evidence.length > MAX_EVIDENCE_PER_BLOCK || !block.evidence.every(isConflict)) return false;
  const keys = new Set(block.evidence.map(evidenceKey));
  return keys.size === block.evidence.length && block.evidence.every((evidence) =>
    mayStand(state, evidence) && verifyEvidence(evidence, config.genesisHash, config.verify).ok);
}

/**
 * Whether a block holds what a block below holds. Asked of new proposals only, and no part of validity: a node that joined from a
 * snapshot does not know what blocks far below held, and must not halt over it.
 */
export function repeatsEvidence({ context: { accused } }: State, block: Block): boolean {
  return block.evidence.some((evidence) => isConflict(evidence) && accused.heights.has(evidenceKey(evidence)));
}

/** At the beginning of a height: what stands in a block now, or may stand in none any more, waits no longer. */
export function forgetEvidence(state: State): void {
  for (const [key, evidence] of state.evidence) if (!mayStand(state, evidence) || !isNew(state, evidence, key)) state.evidence.delete(key);
}
