import { Turns, type ChainStore } from '#evm';
import { serverError } from '../errors.js';
import { toQuantity } from '../format/quantity.js';
import { long, method, type Method } from '../method.js';
import { blockNumber, heightOf } from '../params/block-id.js';
import { listOf, optional, required, wrong, type Read } from '../params/parser.js';
import { count } from '../params/values.js';

const MAX_PERCENTILES = 100;

const percentile: Read<number> = (value, where) => {
  if (typeof value !== 'number' || value < 0 || value > 100) throw wrong(where, 'invalid reward percentile: must be a number from 0 to 100');
  return value;
};

const percentiles: Read<number[]> = (value, where) => {
  const values = listOf(percentile, MAX_PERCENTILES)(value, where);
  if (values.some((item, index) => index > 0 && item < (values[index - 1] as number))) throw wrong(where, 'invalid reward percentile: they must not fall');
  return values;
};

/** A thousand full blocks take seconds to read: the node's votes come in between. */
const turns = new Turns();
const MOST_MS = 5_000;

function* gasUsedRatios(store: ChainStore, oldest: bigint, blocks: number): Generator<void, number[]> {
  const ratios: number[] = [];
  for (let height = oldest; height < oldest + BigInt(blocks); height++) {
    yield;
    ratios.push(Number(store.results(height)?.at(-1)?.cumulativeGasUsed ?? 0n) / Number(store.paramsAt(height).blockGasLimit));
  }
  return ratios;
}

/** This chain charges nothing: every price is 0. */
export const FEE_METHODS: readonly Method[] = [
  method('eth_gasPrice', 'Always 0: this chain charges nothing.', [], () => '0x0'),
  method('eth_maxPriorityFeePerGas', 'Always 0: this chain charges nothing.', [], () => '0x0'),
  method('eth_blobBaseFee', 'Always 0: this chain takes no blobs.', [], () => '0x0'),
  long(method('eth_feeHistory', 'How full blocks were; base fees and rewards are 0.',
    [required('blockCount', count), required('newestBlock', blockNumber), optional('rewardPercentiles', percentiles, [])],
    async ({ chain, limits }, wanted, newest, rewardPercentiles) => {
      const last = heightOf(chain, newest);
      if (last === null) throw serverError(`request beyond head block: requested ${newest.kind === 'height' ? newest.height : ''}, head ${chain.store.head().height}`);
      const blocks = Math.min(wanted, limits.feeHistoryBlocks, Number(last) + 1);
      if (blocks === 0) return { oldestBlock: '0x0', gasUsedRatio: [] };
      const oldest = last - BigInt(blocks - 1);
      const gasUsedRatio = await turns.run(gasUsedRatios(chain.store, oldest, blocks), MOST_MS);
      return {
        oldestBlock: toQuantity(oldest),
        baseFeePerGas: Array.from({ length: blocks + 1 }, () => '0x0'),
        gasUsedRatio,
        ...(rewardPercentiles.length === 0 ? {} : { reward: gasUsedRatio.map(() => rewardPercentiles.map(() => '0x0')) }),
      };
    },
  )),
];
