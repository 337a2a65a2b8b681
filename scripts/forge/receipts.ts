import { verifyReceipt } from '#sdk';
import { sampleChain, type SampleChain } from '../../libs/sdk/testing/sample-chain.js';
import { changeJson } from './change-json.js';
import type { Forgery } from './forgery.js';

/** Whole receipts, of chains whose validators stayed and changed: every text, number and list in them. */
export async function receiptForgery(name: string, chain: SampleChain, weight: number): Promise<Forgery> {
  const file = await chain.file([]);
  const receipts = chain.transactions.map((_, i) => chain.receipt(i));
  // Of another chain, with other validators and another fault model: true documents to cut from.
  const foreign = sampleChain('CFT', { changing: true }).receipt(1);
  const known = new Set(receipts.map((receipt) => JSON.stringify(receipt)));
  return {
    name,
    weight,
    acceptsTruth: () => receipts.every((receipt) => verifyReceipt(file, receipt).ok),
    attempt: (random) => {
      const changed = changeJson(random, random.pick(receipts), random.chance(0.2) ? foreign : random.pick(receipts));
      const text = JSON.stringify(changed);
      if (known.has(text)) return 'true';
      return verifyReceipt(file, changed).ok ? { accepted: text } : 'refused';
    },
  };
}
