import { sampleChain } from '../../libs/sdk/testing/sample-chain.js';
import type { Forgery } from './forgery.js';
import { changeForgery, headerForgery } from './headers.js';
import { pathForgery } from './paths.js';
import { receiptForgery } from './receipts.js';
import { stateForgery } from './state-proofs.js';

/** Everything that a third party is asked to believe. */
export async function allForgeries(): Promise<Forgery[]> {
  const [steady, changing] = [sampleChain('BFT'), sampleChain('BFT', { changing: true })];
  return [
    await receiptForgery('receipts', steady, 2),
    await receiptForgery('receipts across changes', changing, 2),
    headerForgery(changing, 5),
    changeForgery(changing, 3),
    pathForgery(4),
    await stateForgery(4),
  ];
}
