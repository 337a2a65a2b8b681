import type { Mutant } from './mutant.js';
import { SHELL_MUTANTS } from './shell.js';

const RULES = 'src/consensus/rules.ts';
const RECEIVE = 'src/consensus/receive.ts';
const PROPOSALS = 'src/consensus/proposals.ts';
const SIGN = 'src/consensus/sign.ts';
const REPLAY = 'src/consensus/replay.ts';

/** Bugs that the simulator must find: each breaks one rule of docs/spec/consensus.md. */
export const MUTANTS: readonly Mutant[] = [
  { name: 'rule 1: never proposes its valid block again', file: 'src/consensus/rounds.ts', find: 'if (polka !== null && validHash !== null && valid !== undefined) return', replace: 'if (polka !== null && validHash !== null && valid !== undefined && context.height < 0n) return' },
  { name: 'rule 1: everybody proposes', nearSeed: 1, file: PROPOSALS, find: 'proposerIndex(context.validators, context.height, round) !== proposal.proposer', replace: 'proposal.proposer < 0' },
  { name: 'rule 2: no lock', nearSeed: 1, file: RULES, find: 'const free = proposal.polRound === -1 ? state.lockedRound === -1 :', replace: 'const free = proposal.polRound === -1 ? true :' },
  { name: 'rule 2: whatever executes is valid', file: 'src/consensus/step.ts', find: 'const fits = input.outcome !== null && outcomeFits(state, known.block, input.outcome);', replace: 'const fits = input.outcome !== null;' },
  { name: 'rule 2: an invalid commit of the block below is prevoted', file: 'src/consensus/check-block.ts', find: 'return verifyCertificate(certificate, prevValidators, config.faultModel, config.genesisHash, config.verify).ok;', replace: 'return true;' },
  { name: 'rule 2: a block of another time is prevoted', file: 'src/consensus/check-block.ts', find: 'header.timeMs > context.prevTimeMs &&', replace: '' },
  { name: 'rule 2: the body of a proposal is not checked', file: PROPOSALS, find: 'if (!isBlockOf(proposal.block, blockHash) ||', replace: 'if (' },
  { name: 'rule 3: any old polka unlocks', file: RULES, find: 'state.lockedRound <= proposal.polRound;', replace: 'true;' },
  { name: 'rule 3: the polka of a proposal is not checked', file: PROPOSALS, find: ' || !certificateHolds(state, polka)) return false;', replace: ') return false;' },
  { name: 'rule 3: a polka of another round serves', file: PROPOSALS, find: ' || polka.round !== polRound) return false;', replace: ') return false;' },
  { name: 'rule 4: half of the prevotes for nil are enough to give up', file: 'src/consensus/votes.ts', find: 'return isQuorum(this.model, this.power, this.set.total);', replace: 'return 9n * this.power > 8n * this.set.total;' },
  { name: 'rule 5: a new round unlocks', file: 'src/consensus/rounds.ts', find: 'state.round = round;', replace: 'state.round = round; state.lockedRound = -1; state.lockedHash = null;' },
  { name: 'rule 5: a polka does not lock', nearSeed: 1, file: RULES, find: 'state.lockedRound = round;\n', replace: '' },
  { name: 'rule 5: a polka of an earlier round locks again', file: RULES, find: 'if (state.validRound === round && state.validHash !== null) {', replace: 'if (state.validRound >= 0 && state.validHash !== null) {' },
  { name: 'rule 6: no timer when a quorum precommitted different things', file: RULES, find: "if (precommits.anyQuorum) setRoundTimer(state, effects, 'precommit');", replace: '' },
  { name: 'rule 7: two thirds are a quorum', nearSeed: 1, file: 'src/formats/quorum.ts', find: '3n * power > 2n * total', replace: '3n * power >= 2n * total' },
  { name: 'rule 7: more than half is a quorum', file: 'src/formats/quorum.ts', find: '3n * power > 2n * total', replace: '2n * power > total' },
  { name: 'rule 7: a quorum is one more than needed', file: 'src/formats/quorum.ts', find: '3n * power > 2n * total', replace: '3n * (power - 1n) > 2n * total' },
  { name: 'rule 7: half is a quorum under CFT', nearSeed: 1, file: 'src/formats/quorum.ts', find: ': 2n * power > total', replace: ': 2n * power >= total' },
  { name: 'rule 7: a signature in a certificate counts as often as it stands there', file: 'src/formats/certificate.ts', find: "    if (validator <= previous) return { ok: false, code: 'notAscending', validator };\n", replace: '' },
  { name: 'rule 7: signatures of a certificate are not checked', file: 'src/formats/certificate.ts', find: "if (!verify(member.publicKey, message, signature)) return", replace: "if (power < 0n) return" },
  { name: 'rule 7: validators never change', nearSeed: 1, file: 'src/consensus/decide.ts', find: 'validators: outcome.nextValidators,', replace: 'validators: context.validators,' },
  { name: 'rule 7: a certificate of another height counts', file: RECEIVE, find: 'if (height !== state.context.height || round > MAX_ROUND || blockHash === null) return false;', replace: 'if (round > MAX_ROUND || blockHash === null) return false;' },
  { name: 'rule 7: a vote of another height counts', file: RECEIVE, find: 'if (vote.height !== state.context.height || vote.round > MAX_ROUND) return false;', replace: 'if (vote.round > MAX_ROUND) return false;' },
  { name: 'rule 8: nobody is ahead', file: RULES, find: 'if (state.ahead.size === 0) return false;', replace: 'if (state.ahead.size >= 0) return false;' },
  { name: 'rule 8: one vote of a later round is enough to go there', file: RULES, find: '!isWeak(state.config.faultModel, power, validators.total)', replace: 'power <= 0n' },
  { name: 'rule 9: timers do not grow', nearSeed: 1, file: 'src/consensus/timers.ts', find: 'return base + params.timeoutDeltaMs * Math.min(state.round, MAX_GROWTH_ROUNDS);', replace: 'return base + 0 * params.timeoutDeltaMs * MAX_GROWTH_ROUNDS;' },
  { name: 'rule 10: evidence in a block is not verified', file: 'src/consensus/equivocation.ts', find: ' && verifyEvidence(evidence, config.genesisHash, config.verify).ok);', replace: ');' },
  { name: 'rule 10: a vote of another kind is evidence', file: RECEIVE, find: "return (vote.kind === 'prevote' ? round?.prevotes : round?.precommits)?.get(vote.validator);", replace: 'return (round?.prevotes.get(vote.validator) ?? round?.precommits.get(vote.validator));' },
  { name: 'rule 10: evidence from peers is not verified', file: 'src/consensus/equivocation.ts', find: ' && verifyEvidence(evidence, genesisHash, verify).ok) keep', replace: ') keep' },
  { name: 'rule 10: a block may repeat evidence', file: 'src/consensus/equivocation.ts', find: 'return block.evidence.some((evidence) => isConflict(evidence) && accused.heights.has(evidenceKey(evidence)));', replace: 'return block.evidence.length > MAX_EVIDENCE_PER_BLOCK && accused.from < 0n;' },
  { name: 'rule 10: evidence that stands in a block is proposed again', file: 'src/consensus/equivocation.ts', find: 'if (!mayStand(state, evidence) || !isNew(state, evidence, key)) state.evidence.delete(key);', replace: 'if (!mayStand(state, evidence)) state.evidence.delete(key);' },
  { name: 'rule 11: votes are not checked', file: RECEIVE, find: 'if (!verify(validator.publicKey, signBytes, vote.signature)) return false;', replace: '' },
  { name: 'rule 12: a restart forgets what was signed', nearSeed: 1, file: REPLAY, find: 'state.signed.set(`${record.kind}/${record.round}`, record);', replace: '' },
  { name: 'rule 12: a restart forgets the lock', file: REPLAY, find: 'restoreLock(state, record);', replace: '' },
  { name: 'rule 12: a restart forgets what was proposed', file: REPLAY, find: 'records.filter((record) => record.height === state.context.height);', replace: "records.filter((record) => record.height === state.context.height && record.kind !== 'proposal');" },
  { name: 'rule 12: blocks are not in the log', file: SIGN, find: 'needed.block : null;', replace: 'null : null;' },
  { name: 'rule 12: the lock is not in the log', file: SIGN, find: 'lockedRound: state.lockedRound, lockedHash: state.lockedHash,', replace: 'lockedRound: -1, lockedHash: null,' },
  { name: 'rule 12: the polka is not in the log', file: SIGN, find: '? state.polka : null;', replace: '? null : null;' },
  { name: 'rule 12: the entry proof is not in the log', file: SIGN, find: '? state.entryProof : [],', replace: '? [] : [],' },
  { name: 'rule 13: votes are sent once', nearSeed: 1, file: 'src/consensus/rebroadcast.ts', find: "for (const vote of latestVotes(state)) send({ type: 'vote', vote });", replace: 'latestVotes(state);' },
  { name: 'rule 13: skip proofs are not sent', file: 'src/consensus/rebroadcast.ts', find: 'if (state.entryProof.length > 0) send', replace: 'if (state.entryProof.length < 0) send' },
  { name: 'rule 13: no rebroadcast timer', file: 'src/consensus/step.ts', find: '  setRebroadcastTimer(state, effects);\n  rebroadcast(state, effects, true);\n}\n\n/** Rules 6', replace: '  rebroadcast(state, effects, true);\n}\n\n/** Rules 6' },
  { name: 'rule 14: a synced block needs no quorum', file: 'src/consensus/decide.ts', find: 'if (!verifyCertificate(certificate, validators, faultModel, genesisHash, verify).ok) return;', replace: 'verifyCertificate(certificate, validators, faultModel, genesisHash, verify);' },
  { name: 'rule 14: the body of a synced block is not checked', file: 'src/consensus/decide.ts', find: ' || !isBlockOf(block, hash)) return;', replace: ') return;' },
  { name: 'rule 14: prevotes serve as the commit of a synced block', file: 'src/consensus/decide.ts', find: "block.header.height !== height || certificate.kind !== 'precommit' || ", replace: 'block.header.height !== height || ' },
  { name: 'rule 16: all rounds are kept', file: 'src/consensus/bounds.ts', find: 'return round >= current - ROUNDS_BEHIND && round <= current + ROUNDS_AHEAD;', replace: 'return round >= current - ROUNDS_BEHIND;' },
  { name: 'membership: a weak key is registered', nearSeed: 1, file: 'src/formats/validators.ts', find: "if (weakness !== 'ok') throw", replace: "if (weakness === 'length') throw" },
  { name: 'encoding: signatures in any order are decoded', file: 'src/formats/certificate.ts', find: "const validator = reader.u32();\n    if (validator <= previous) throw", replace: "const validator = reader.u32();\n    if (validator < 0) throw" },
  { name: 'encoding: bytes after the end are decoded', file: 'src/encoding/reader.ts', find: '  reader.end();\n  return value;', replace: '  return value;' },
  { name: 'sign bytes: the chain is not in them', file: 'src/formats/vote.ts', find: '.u8(SIGN_TAGS[vote.kind]).fixed(genesisHash, 32)', replace: '.u8(SIGN_TAGS[vote.kind]).fixed(ZERO_HASH, 32)' },
  ...SHELL_MUTANTS,
];
