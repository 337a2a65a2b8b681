import { acceptKnown, mayHoldTransaction, messagesOf, refusedSends, sentTransactionHash } from './retry.rules.js';

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
// keccak256 of the single byte 0x01, a published vector.
const HASH_OF_01 = '0x5fe7f977e71dba2ea1a68e21057beebb9be2ac30c6410aa38d4f3fbe41dcffd2';
const send = { jsonrpc: '2.0', id: 1, method: 'eth_sendRawTransaction', params: ['0x01'] };
const head = { jsonrpc: '2.0', id: 'x', method: 'eth_blockNumber', params: [] };

describe('a retried transaction', () => {
  it('is named by its hash', () => {
    expect(sentTransactionHash(send)).toBe(HASH_OF_01);
    expect(sentTransactionHash(head)).toBeNull();
    expect(sentTransactionHash({ ...send, params: ['01'] })).toBeNull();
    expect(sentTransactionHash({ ...send, params: 'x' })).toBeNull();
  });

  it('is looked for only where the bytes may hold one', () => {
    expect(mayHoldTransaction(json([head, send]))).toBe(true);
    expect(mayHoldTransaction(json(head))).toBe(false);
    expect(messagesOf(Buffer.from('{nonsense'))).toEqual([]);
    expect(messagesOf(json([1, null, head]))).toEqual([head]);
  });

  it('is found among the refused answers of a batch and accepted once known', () => {
    const answer = json([{ jsonrpc: '2.0', id: 'x', result: '0x5' }, { jsonrpc: '2.0', id: 1, error: { code: -32000, message: 'nonce too low' } }]);
    const refused = refusedSends(json([send, head]), answer);
    expect(refused).toEqual(new Map([['1', HASH_OF_01]]));
    expect(JSON.parse(acceptKnown(answer, refused).toString())).toEqual([
      { jsonrpc: '2.0', id: 'x', result: '0x5' },
      { jsonrpc: '2.0', id: 1, result: HASH_OF_01 },
    ]);
  });

  it('keeps the refusal of one that is not known, and errors of other calls', () => {
    const answer = json({ jsonrpc: '2.0', id: 1, error: { code: -32000, message: 'insufficient funds' } });
    expect(JSON.parse(acceptKnown(answer, new Map()).toString())).toEqual(JSON.parse(answer.toString()));
    expect(refusedSends(json(head), json({ id: 'x', error: { code: -32603 } }))).toEqual(new Map());
  });
});
