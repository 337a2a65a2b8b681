import { CreateChainRequestSchema, newId, type CreateChainInput } from '#contracts';
import { chainRequestErrors, chainRequestHints } from './chain-request.rules.js';

const OWN = newId('tenant');
const OTHER = newId('tenant');
const account = (digit: string): string => `0x${digit.repeat(40)}`;
const member = (name: string, a: string, b: string, tenant: string = 'self') => ({ tenant, name, governanceAccount: account(a), operationsAccount: account(b) });
const good: CreateChainInput = { name: 'c', members: [member('A', '1', '2')], nodes: [{ dataCenter: 'dc', count: 4 }] };

describe('what a request for a chain may not say', () => {
  const cases: [string, Partial<CreateChainInput>, string[]][] = [
    ['nothing wrong', {}, []],
    ['two members', { members: [member('A', '1', '2'), member('B', '3', '4', OTHER)] }, []],
    ['oneself by id', { members: [member('A', '1', '2', OWN)] }, []],
    ['only others', { members: [member('B', '3', '4', OTHER)] }, ['members']],
    ['a tenant twice', { members: [member('A', '1', '2'), member('B', '3', '4', OWN)] }, ['members.1.tenant']],
    ['one account for two members', { members: [member('A', '1', '2'), member('B', '1', '4', OTHER)] }, ['members.1.governanceAccount']],
    ['one account for both purposes', { members: [member('A', '1', '1')] }, ['members.0.operationsAccount']],
    ['capitals do not make another account', { members: [member('A', 'a', 'A')] }, ['members.0.operationsAccount']],
    ['one name twice', { members: [member('A', '1', '2'), member('A', '3', '4', OTHER)] }, ['members.1.name']],
    ['no validator', { nodes: [{ dataCenter: 'dc', count: 4, kind: 'observer' }] }, ['nodes']],
    ['too many nodes', { nodes: [{ dataCenter: 'a', count: 50 }, { dataCenter: 'b', count: 50 }, { dataCenter: 'c', count: 1 }] }, ['nodes']],
    ['an allocation twice', { alloc: [{ address: account('1') }, { address: account('1'), balance: '5' }] }, ['alloc.1.address']],
    ['a transaction larger than a block', { params: { blockGasLimit: '5000000', txGasLimit: '5000001' } }, ['params.blockGasLimit']],
    ['a block smaller than a transaction may be by default', { params: { blockGasLimit: '10000000' } }, ['params.blockGasLimit']],
    ['a transaction larger than a block may be by default', { params: { txGasLimit: '60000000' } }, ['params.blockGasLimit']],
    ['transactions too small for a vote', { params: { txGasLimit: '3999999' } }, ['params.txGasLimit']],
    ['blocks that would take hours', { params: { blockGasLimit: '1000000001' } }, ['params.blockGasLimit']],
    ['more gas than the format holds', { params: { blockGasLimit: (1n << 64n).toString() } }, ['params.blockGasLimit']],
    ['large blocks', { params: { blockGasLimit: '1000000000', txGasLimit: '1000000000', maxBlockBytes: 32 * 1024 * 1024 } }, []],
  ];
  it.each(cases)('%s', (_name, change, paths) => {
    const body = CreateChainRequestSchema.parse({ ...good, ...change });
    expect(chainRequestErrors(body, OWN).map((error) => error.path)).toEqual(paths);
  });
});

describe('what is hinted at', () => {
  it.each([
    [1, 'BFT', true], [2, 'BFT', true], [3, 'BFT', true], [4, 'BFT', false], [7, 'BFT', false], [2, 'CFT', true], [3, 'CFT', false],
  ] as const)('%i validators, %s: no crash is survived: %s', (count, faultModel, hinted) => {
    const body = CreateChainRequestSchema.parse({ ...good, faultModel, nodes: [{ dataCenter: 'dc', count }, { dataCenter: 'dc', count: 9, kind: 'observer' }] });
    expect(chainRequestHints(body).length > 0).toBe(hinted);
  });
});
