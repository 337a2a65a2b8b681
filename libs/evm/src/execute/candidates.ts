import type { EvmErrorCode } from '../errors.js';
import type { AdmittedTransaction } from '../transaction/admitted.js';

const LEAST_GAS = 21_000n;
/** Some candidates will turn out not to stand where they are. */
const SPARE = 256;
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_SET_ASIDE = 64;

/**
 * What a block is built from: as many of the pool's candidates as could fill it. A transaction that was cut off by the clock is set
 * aside: it is left out of every second block, and stands first in the others, where it has more time than behind others. So a
 * slow one costs the rest no more than every second block, and is not begun again and again at a block's end.
 */
export class CandidateQueue {
  private readonly setAside = new Set<string>();
  private turn = false;

  take(candidates: Iterable<AdmittedTransaction>, blockGasLimit: bigint): AdmittedTransaction[] {
    const most = Number(blockGasLimit / LEAST_GAS) + SPARE;
    const taken: AdmittedTransaction[] = [];
    let bytes = 0;
    for (const candidate of candidates) {
      taken.push(candidate);
      bytes += candidate.raw.length;
      if (taken.length >= most || bytes >= MAX_BYTES) break;
    }
    return this.setAside.size === 0 ? taken : this.inTurn(taken);
  }

  tried(skipped: readonly { transaction: AdmittedTransaction; code: EvmErrorCode }[], executed: readonly AdmittedTransaction[]): void {
    for (const { transaction, code } of skipped) {
      if (code === 'outOfTime') this.add(transaction.key);
      else this.setAside.delete(transaction.key);
    }
    if (this.setAside.size > 0) for (const { key } of executed) this.setAside.delete(key);
  }

  private inTurn(candidates: readonly AdmittedTransaction[]): AdmittedTransaction[] {
    const [slow] = candidates.filter(({ key }) => this.setAside.has(key));
    const others = candidates.filter(({ key }) => !this.setAside.has(key));
    this.turn = !this.turn;
    return slow !== undefined && (this.turn || others.length === 0) ? [slow, ...others] : others;
  }

  private add(key: string): void {
    this.setAside.add(key);
    const oldest = this.setAside.keys().next();
    if (this.setAside.size > MAX_SET_ASIDE && oldest.done !== true) this.setAside.delete(oldest.value);
  }
}
