import { RpcError } from '../errors.js';
import { blockId, blockNumber } from './block-id.js';
import { call, overrides } from './call.js';
import { logQuery } from './log-query.js';
import { optional, readParams, required, type Read } from './parser.js';
import { address, count, data, flag, hash, quantity, quantity64, slot } from './values.js';

const ADDRESS = `0x${'ab'.repeat(20)}`;
const HASH = `0x${'cd'.repeat(32)}`;

interface Refusal {
  what: string;
  read: Read<unknown>;
  value: unknown;
  message: RegExp;
}

function refusalOf(run: () => unknown): RpcError {
  try {
    run();
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('parameters are read strictly', () => {
  const refused: Refusal[] = [
    { what: 'a number for a quantity', read: quantity, value: 5, message: /invalid argument 0: must be a hex quantity in a string, is 5/ },
    { what: 'a decimal text', read: quantity, value: '12', message: /without 0x prefix: "12"/ },
    { what: 'an empty quantity', read: quantity, value: '0x', message: /zero is 0x0/ },
    { what: 'leading zeros', read: quantity, value: '0x01', message: /leading zero digits/ },
    { what: 'no hex', read: quantity, value: '0xzz', message: /not a hex quantity/ },
    { what: 'more than 256 bits', read: quantity, value: `0x1${'0'.repeat(64)}`, message: /> 256 bits/ },
    { what: 'more than 64 bits', read: quantity64, value: `0x1${'0'.repeat(16)}`, message: /> 64 bits/ },
    { what: 'a negative count', read: count, value: -1, message: /whole number/ },
    { what: 'odd digits', read: data, value: '0x123', message: /odd length/ },
    { what: 'data without 0x', read: data, value: '1234', message: /without 0x prefix/ },
    { what: 'a short address', read: address, value: '0x1234', message: /has length 4, want 40/ },
    { what: 'a long hash', read: hash, value: `${HASH}00`, message: /has length 66, want 64/ },
    { what: 'a long slot', read: slot, value: `${HASH}0`, message: /1 to 64 hex digits/ },
    { what: 'a text for a flag', read: flag, value: 'true', message: /must be true or false, is "true"/ },
    { what: 'an unknown tag', read: blockNumber, value: 'newest', message: /latest, pending, safe, finalized or earliest, is "newest"/ },
    { what: 'a tag that is a property of objects', read: blockNumber, value: 'constructor', message: /is "constructor"/ },
    { what: 'a hash where a height must stand', read: blockNumber, value: HASH, message: /64 bits|leading zero/ },
    { what: 'EIP-1898 with both', read: blockId, value: { blockHash: HASH, blockNumber: '0x1' }, message: /cannot specify both/ },
    { what: 'EIP-1898 with neither', read: blockId, value: {}, message: /neither blockNumber nor blockHash/ },
    { what: 'a height as a number', read: blockId, value: 1, message: /must be a hex quantity, latest, .* is 1/ },
    { what: 'a list for a call', read: call, value: [], message: /must be an object, is a list/ },
    { what: 'a wrong field of a call', read: call, value: { to: '0x12' }, message: /invalid argument 0\.to/ },
    { what: 'two inputs', read: call, value: { data: '0x01', input: '0x02' }, message: /both "data" and "input" are set and not equal/ },
    { what: 'a blob call', read: call, value: { blobVersionedHashes: [HASH] }, message: /no blob transactions \(type 3\)/ },
    { what: 'a set-code call', read: call, value: { authorizationList: [] }, message: /no set-code transactions \(type 4\)/ },
    { what: 'a bad override address', read: overrides, value: { '0x12': {} }, message: /want 40/ },
    { what: 'state and stateDiff', read: overrides, value: { [ADDRESS]: { state: {}, stateDiff: {} } }, message: /both state and stateDiff/ },
    { what: 'five topics', read: logQuery, value: { topics: [null, null, null, null, null] }, message: /has 5 items, at most 4/ },
    { what: 'a short topic', read: logQuery, value: { topics: ['0x12'] }, message: /topics\[0\]/ },
    { what: 'a hash and a range', read: logQuery, value: { blockHash: HASH, fromBlock: '0x1' }, message: /cannot specify both BlockHash and FromBlock/ },
  ];
  it.each(refused)('refuses $what', ({ read, value, message }) => {
    const error = refusalOf(() => read(value, 'argument 0'));
    expect(error.code).toBe(-32602);
    expect(error.message).toMatch(message);
  });

  const taken: { what: string; read: Read<unknown>; value: unknown; result: unknown }[] = [
    { what: 'zero', read: quantity, value: '0x0', result: 0n },
    { what: 'the largest', read: quantity, value: `0x${'f'.repeat(64)}`, result: (1n << 256n) - 1n },
    { what: 'a short slot', read: slot, value: '0x1', result: Uint8Array.of(...new Array<number>(31).fill(0), 1) },
    { what: 'a count as a number', read: count, value: 7, result: 7 },
    { what: 'no data', read: data, value: '0x', result: new Uint8Array(0) },
    { what: 'safe', read: blockId, value: 'safe', result: { kind: 'latest' } },
    { what: 'earliest', read: blockId, value: 'earliest', result: { kind: 'height', height: 0n } },
    { what: 'a block hash', read: blockId, value: HASH, result: { kind: 'hash', hash: new Uint8Array(32).fill(0xcd) } },
    { what: 'EIP-1898', read: blockId, value: { blockHash: HASH, requireCanonical: true }, result: { kind: 'hash', hash: new Uint8Array(32).fill(0xcd) } },
    { what: 'EIP-1898 with a height', read: blockId, value: { blockNumber: '0x10' }, result: { kind: 'height', height: 16n } },
    { what: 'equal inputs', read: call, value: { data: '0x01', input: '0x01' }, result: { chainId: undefined, request: { to: null, data: Uint8Array.of(1) } } },
    { what: 'null fields', read: call, value: { to: null, value: null }, result: { chainId: undefined, request: { to: null } } },
    {
      what: 'one address, choices of topics and null', read: logQuery, value: { address: ADDRESS, topics: [null, [HASH, HASH], [], [null]] },
      result: {
        addresses: [new Uint8Array(20).fill(0xab)], topics: [null, [new Uint8Array(32).fill(0xcd), new Uint8Array(32).fill(0xcd)], null, null],
        range: { kind: 'span', from: { kind: 'latest' }, to: { kind: 'latest' } },
      },
    },
  ];
  it.each(taken)('takes $what', ({ read, value, result }) => expect(read(value, 'argument 0')).toEqual(result));

  describe('positions', () => {
    const list = [required('address', address), optional('count', count, 3)] as const;
    it.each([
      { given: undefined, message: 'missing value for required argument 0 (address)' },
      { given: [null], message: 'missing value for required argument 0 (address)' },
      { given: [ADDRESS, '0x1', '0x2'], message: 'too many arguments, want at most 2' },
      { given: { address: ADDRESS }, message: 'non-array args: params must be a list' },
    ])('$message', ({ given, message }) => expect(refusalOf(() => readParams(list, given)).message).toBe(message));

    it('fills in what may be left out', () => {
      expect(readParams(list, [ADDRESS])[1]).toBe(3);
      expect(readParams(list, [ADDRESS, null])[1]).toBe(3);
      expect(readParams(list, [ADDRESS, '0x2'])[1]).toBe(2);
    });
  });
});
