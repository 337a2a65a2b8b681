import { EvmError } from '#evm';
import { encodeErrorResult, hexToBytes, parseAbi } from 'viem';
import { RpcError, toRpcError } from './errors.js';

const coded = (code: string, message: string): Error => Object.assign(new Error(message), { code });

describe('errors as clients know them', () => {
  it.each([
    { what: 'the pool’s words, which begin as Geth’s', error: coded('nonceTooLow', 'nonce too low: next is 5'), code: -32000, message: 'nonce too low: next is 5' },
    { what: 'words that clients look for, put before ours', error: coded('nonceTooHigh', 'nonce 99 is 90 above'), code: -32000, message: 'nonce too high: nonce 99 is 90 above' },
    { what: 'funds', error: new EvmError('insufficientFunds', 'it has 3 wei'), code: -32000, message: 'insufficient funds for gas * price + value: it has 3 wei' },
    { what: 'a replacement', error: coded('replacementUnderpriced', 'replacement transaction underpriced: 10 %'), code: -32000, message: 'replacement transaction underpriced: 10 %' },
    { what: 'a chain id', error: new EvmError('wrongChainId', 'signed for 1'), code: -32000, message: 'invalid chain id for signer: signed for 1' },
    { what: 'what has no words of its own', error: coded('notAcknowledged', 'too few validators'), code: -32000, message: 'too few validators' },
    { what: 'too many logs', error: new EvmError('tooManyLogs', 'more than 10'), code: -32005, message: 'more than 10' },
    { what: 'a search that took too long', error: new EvmError('searchTooLong', 'more than 5 s'), code: -32005, message: 'more than 5 s' },
    { what: 'a call that took too long', error: new EvmError('callTimeout', 'more than 5000 ms'), code: -32000, message: 'more than 5000 ms' },
    { what: 'what is already one', error: new RpcError(-32601, 'no'), code: -32601, message: 'no' },
  ])('$what', ({ error, code, message }) => expect(toRpcError(error)).toMatchObject({ code, message }));

  it('gives a revert its reason and its data', () => {
    const data = encodeErrorResult({ abi: parseAbi(['error Error(string)']), errorName: 'Error', args: ['no'] });
    const error = new EvmError('executionReverted', 'execution reverted', { revertData: hexToBytes(data) });
    expect(toRpcError(error)).toMatchObject({ code: 3, message: 'execution reverted: no', data });
  });

  it.each([new TypeError('x is not a function'), coded('ECONNRESET', 'a socket'), 'a text', null])('keeps faults of ours to itself: %p', (error) => expect(toRpcError(error)).toBeNull());
});
