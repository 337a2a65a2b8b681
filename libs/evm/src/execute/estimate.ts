import type { Outcome } from './message.js';
import { throwFailure } from './call.js';

/** Good enough, as Geth has it: the answer may exceed the least by 1.5 %. */
const TOLERANCE = 66n;

/**
 * The least gas limit with which `run` succeeds, found by halving between what it used and `cap`.
 * @throws what `throwFailure` throws when it fails even with `cap`.
 */
export async function estimateGas(run: (gasLimit: bigint) => Promise<Outcome>, cap: bigint): Promise<bigint> {
  const generous = await run(cap);
  if (generous.failure !== null) throwFailure(generous);
  let low = generous.gasUsed - 1n;
  let high = cap;
  // Most calls need what they used before the refund, and 1/64 more for each level of calls (EIP-150).
  const guess = ((generous.gasBeforeRefund + 2300n) * 64n) / 63n;
  if (guess < high) {
    if ((await run(guess)).failure === null) high = guess;
    else low = guess;
  }
  if ((await run(generous.gasBeforeRefund)).failure === null) return generous.gasBeforeRefund;
  if (generous.gasBeforeRefund > low) low = generous.gasBeforeRefund;
  while (high - low > 1n && high - low > high / TOLERANCE) {
    const middle = (low + high) / 2n;
    if ((await run(middle)).failure === null) high = middle;
    else low = middle;
  }
  return high;
}
