import type { Prng } from '../../libs/ledger/sim/prng.js';

/** A kind of proof with true examples of it. */
export interface Forgery {
  name: string;
  /** How much of the work goes to it. */
  weight: number;
  /** Whether every example, unaltered, is accepted: a verifier that refuses everything proves nothing. */
  acceptsTruth(): boolean;
  /** Alters a true proof and offers it. `accepted` is what must never be; `true` says that what came out says nothing false. */
  attempt(random: Prng): 'refused' | 'true' | { accepted: string };
}

export interface ForgeReport {
  attempts: number;
  refused: number;
  /** Alterations that came out as what was true already. */
  harmless: number;
  /** What was accepted, and the number of the attempt. */
  accepted: { kind: string; attempt: number; what: string }[];
  byKind: Record<string, number>;
}

/** Alters and offers `mutations` proofs; harmless ones are not counted among them. */
export function forge(kinds: readonly Forgery[], mutations: number, random: Prng, onProgress: (done: number) => void = () => undefined): ForgeReport {
  const silent = kinds.find((kind) => !kind.acceptsTruth());
  if (silent !== undefined) throw new Error(`${silent.name}: the true proofs are refused`);
  const report: ForgeReport = { attempts: 0, refused: 0, harmless: 0, accepted: [], byKind: Object.fromEntries(kinds.map(({ name }) => [name, 0])) };
  const lots = kinds.flatMap((kind) => Array.from({ length: kind.weight }, () => kind));
  while (report.attempts < mutations) {
    const kind = random.pick(lots);
    const answer = kind.attempt(random);
    if (answer === 'true') {
      report.harmless += 1;
      continue;
    }
    report.attempts += 1;
    report.byKind[kind.name] = (report.byKind[kind.name] ?? 0) + 1;
    if (answer === 'refused') report.refused += 1;
    else report.accepted.push({ kind: kind.name, attempt: report.attempts, what: answer.accepted });
    if (report.attempts % 10_000 === 0) onProgress(report.attempts);
  }
  return report;
}
