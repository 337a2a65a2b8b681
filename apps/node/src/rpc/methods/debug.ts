import type { CallFrame, TraceOptions } from '#evm';
import { to0x } from '#ledger';
import { serverError } from '../errors.js';
import { toQuantity } from '../format/quantity.js';
import { long, method, type Method } from '../method.js';
import { blockNumber, heightOf } from '../params/block-id.js';
import { field, fieldsOf, optional, required, wrong, type Read } from '../params/parser.js';
import { flag, hash } from '../params/values.js';
import { revertReason } from '../revert.js';

/** Geth's options, as far as callTracer knows them. */
const traceOptions: Read<TraceOptions> = (value, where) => {
  const fields = fieldsOf(value, where);
  if (fields['tracer'] !== 'callTracer') throw wrong(`${where}.tracer`, 'must be "callTracer", the only one here');
  const config = field(fields, 'tracerConfig', where, fieldsOf) ?? {};
  const timeoutMs = field(fields, 'timeout', where, duration);
  const named = (name: string): boolean => field(config, name, `${where}.tracerConfig`, flag) ?? false;
  return { onlyTopCall: named('onlyTopCall'), withLog: named('withLog'), ...(timeoutMs === undefined ? {} : { timeoutMs }) };
};

/** Go's durations, of one unit: `500ms`, `10s`. */
const duration: Read<number> = (value, where) => {
  const match = typeof value === 'string' ? /^(\d{1,6})(ms|s)$/.exec(value) : null;
  if (match === null) throw wrong(where, 'must be a duration such as 500ms or 10s');
  return Number(match[1]) * (match[2] === 's' ? 1000 : 1);
};

/** @param firstLog the place in the block of the transaction's first log */
function formatFrame(frame: CallFrame, firstLog: number): Record<string, unknown> {
  const { type, from, to, value, gas, gasUsed, input, output, error, calls, logs } = frame;
  const reason = error === 'execution reverted' ? revertReason(output) : null;
  return {
    type, from: to0x(from), ...(to === null ? {} : { to: to0x(to) }), ...(value === null ? {} : { value: toQuantity(value) }), gas: toQuantity(gas), gasUsed: toQuantity(gasUsed),
    input: to0x(input), ...(output.length === 0 ? {} : { output: to0x(output) }), ...(error === null ? {} : { error }), ...(reason === null ? {} : { revertReason: reason }),
    ...(logs.length === 0 ? {} : { logs: logs.map(({ address, topics, data, position, index }) => ({ address: to0x(address), topics: topics.map(to0x), data: to0x(data), position: toQuantity(position), index: toQuantity(firstLog + index) })) }),
    ...(calls.length === 0 ? {} : { calls: calls.map((inner) => formatFrame(inner, firstLog)) }),
  };
}

/** What a decided transaction did within: executed again, which takes as long as it took. */
export const DEBUG_METHODS: readonly Method[] = [
  long(method('debug_traceTransaction', 'The calls of a committed transaction, by callTracer.', [required('hash', hash), required('options', traceOptions)], async ({ chain }, transactionHash, options) => {
    const place = chain.store.transaction(transactionHash);
    if (place === null) throw serverError('transaction not found');
    const [frame] = await chain.executor.trace(place.height, place.index, options);
    if (frame === undefined) throw serverError('transaction not found');
    return formatFrame(frame, place.result.firstLogIndex);
  })),
  long(method('debug_traceBlockByNumber', 'The calls of each transaction of a block, by callTracer.', [required('block', blockNumber), optional('options', traceOptions, { onlyTopCall: false })], async ({ chain }, block, options) => {
    const height = heightOf(chain, block);
    if (height === null) throw serverError(`block not found`);
    if (height === 0n) throw serverError('genesis is not traceable');
    const frames = await chain.executor.trace(height, null, options);
    const results = chain.store.results(height) ?? [];
    return frames.map((frame, i) => ({ txHash: to0x(results[i]?.transactionHash ?? new Uint8Array(32)), result: formatFrame(frame, results[i]?.firstLogIndex ?? 0) }));
  })),
];
