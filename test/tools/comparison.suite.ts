import { encodeAbiParameters, encodeFunctionData, getContractAddress, keccak256, padHex, toHex, zeroAddress, type Address, type Hex, type TransactionSerializable } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { Anvil } from '../../scripts/bench/anvil.js';
import { contractOf } from './compile.js';
import type { ToolWorld } from './world.js';

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
interface Answer {
  result?: Json;
  error?: { code: number; message: string; data?: Json };
}
interface Call {
  what: string;
  method: string;
  params: Json[];
  /** What is compared of the answers; without it all of them, but for an error's words. */
  alike?: (answer: Answer) => unknown;
  /** Where the two are meant to differ: why, and what each says. */
  differs?: { why: string; ours: unknown; theirs: unknown };
}

const FIELDS = ['status', 'gasUsed', 'contractAddress', 'from', 'to', 'type', 'logsBloom', 'transactionHash', 'effectiveGasPrice'];
const WAIT_MS = 20_000;

/** The parts of a receipt that do not depend on which block a transaction came into. */
function receiptOf(receipt: Json): unknown {
  const fields = receipt as Record<string, Json>;
  const logs = (fields['logs'] as Record<string, Json>[]).map(({ address, topics, data, logIndex, removed, transactionHash }) => ({ address, topics, data, logIndex, removed, transactionHash }));
  return { ...Object.fromEntries(FIELDS.map((name) => [name, fields[name] ?? null])), logs };
}

/** An error as its code and what was reverted with; words are each node's own. */
const errorOf = ({ error }: Answer): unknown => (error === undefined ? 'no error' : { code: error.code, data: typeof error.data === 'string' ? error.data : null });
const compared = (answer: Answer): unknown => (answer.error === undefined ? { result: answer.result } : errorOf(answer));

/** The same signed transactions and the same calls to anvil and to a Stele chain, compared field by field. */
export function comparisonSuite(world: () => ToolWorld): void {
  const account = privateKeyToAccount(generatePrivateKey());
  const poor = privateKeyToAccount(generatePrivateKey());
  let anvil: Anvil;
  let nonce = 0;
  let sent = 0;
  let called = 0;

  beforeAll(async () => {
    anvil = await Anvil.start(world().evmChainId);
  });
  afterAll(async () => anvil.stop());

  const ask = async (url: string, headers: Record<string, string>, method: string, params: Json[]): Promise<Answer> => {
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) });
    return (await response.json()) as Answer;
  };
  const both = async (method: string, params: Json[]): Promise<[Answer, Answer]> => Promise.all([ask(world().rpcUrl, world().headers, method, params), ask(anvil.url, {}, method, params)]);
  const receipt = async (url: string, headers: Record<string, string>, hash: string): Promise<Json> => {
    for (const endMs = Date.now() + WAIT_MS; Date.now() < endMs; ) {
      const { result } = await ask(url, headers, 'eth_getTransactionReceipt', [hash]);
      if (result != null) return result;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`no receipt of ${hash}`);
  };
  const sign = (transaction: Partial<TransactionSerializable> & { to?: Address | null }): Promise<Hex> =>
    account.signTransaction({ chainId: world().evmChainId, nonce, gas: 3_000_000n, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n, type: 'eip1559', ...transaction } as TransactionSerializable);
  /** Sends the same bytes to both; answers the receipts' common parts, which must be equal. */
  const send = async (transaction: Partial<TransactionSerializable> & { to?: Address | null }): Promise<Record<string, Json>> => {
    const raw = await sign(transaction);
    nonce += 1;
    sent += 1;
    const [ours, theirs] = await both('eth_sendRawTransaction', [raw]);
    expect([ours.error, theirs.error]).toEqual([undefined, undefined]);
    expect(ours.result).toBe(theirs.result);
    const [mine, other] = await Promise.all([receipt(world().rpcUrl, world().headers, ours.result as string), receipt(anvil.url, {}, theirs.result as string)]);
    expect(receiptOf(mine)).toEqual(receiptOf(other));
    return receiptOf(mine) as Record<string, Json>;
  };
  const encoded = (name: string, functionName: string, args: readonly unknown[] = []): Hex => encodeFunctionData({ abi: contractOf(name).abi, functionName, args });
  const check = async (calls: readonly Call[]): Promise<void> => {
    const found: unknown[] = [];
    const wanted: unknown[] = [];
    for (const { what, method, params, alike, differs } of calls) {
      const [ours, theirs] = (await both(method, params)).map(alike ?? compared);
      called += 1;
      found.push({ what, answer: ours, ...(differs === undefined ? {} : { theirs }) });
      wanted.push({ what, answer: differs === undefined ? theirs : differs.ours, ...(differs === undefined ? {} : { theirs: differs.theirs }) });
    }
    expect(found).toEqual(wanted);
  };

  let odd: Address;
  let currency: Address;

  test('sixty transactions of all shapes leave the same receipts', async () => {
    odd = getContractAddress({ from: account.address, nonce: BigInt(nonce) });
    expect((await send({ data: contractOf('Oddities').bytecode }))['contractAddress']).toBe(odd.toLowerCase());
    currency = getContractAddress({ from: account.address, nonce: BigInt(nonce) });
    await send({ data: `${contractOf('Currency').bytecode}${encodeAbiParameters([{ type: 'address' }], [account.address]).slice(2)}` });
    await send({ data: contractOf('Large').bytecode, gas: 8_000_000n });
    await send({ data: '0x6160015ff3', gas: 8_000_000n });
    await send({ data: '0xfe' });
    await send({ data: '0x60ef5f5360015ff3' });
    for (let key = 0n; key < 8n; key++) await send({ to: odd, data: encoded('Oddities', 'set', [key, key + 1n]) });
    for (let key = 0n; key < 4n; key++) await send({ to: odd, data: encoded('Oddities', 'set', [key, 0n]) });
    await send({ to: odd, data: encoded('Oddities', 'clear', [0n, 8n]) });
    for (let value = 0n; value < 4n; value++) await send({ to: odd, data: encoded('Oddities', 'push', [value]) });
    for (const text of ['', 'a', 'x'.repeat(31), 'x'.repeat(32), 'x'.repeat(33), 'ü'.repeat(100)]) await send({ to: odd, data: encoded('Oddities', 'events', [5n, text]) });
    for (const number of [1n, 13n]) await send({ to: odd, data: encoded('Oddities', 'make', [padHex(toHex(number), { size: 32 }), number]) });
    await send({ to: odd, data: encoded('Oddities', 'make', [padHex('0x01', { size: 32 }), 1n]) });
    for (const number of [2n, 13n]) await send({ to: odd, data: encoded('Oddities', 'makePlain', [number]) });
    await send({ to: odd, data: encoded('Oddities', 'withReason', ['a reason']) });
    await send({ to: odd, data: encoded('Oddities', 'withError', [1n, 'an error']) });
    await send({ to: odd, data: encoded('Oddities', 'withNothing') });
    for (const kind of [1n, 17n, 18n, 50n, 3n]) await send({ to: odd, data: encoded('Oddities', 'panics', [kind]) });
    await send({ to: odd, data: encoded('Oddities', 'burn', [300n]) });
    await send({ to: odd, data: encoded('Oddities', 'forever'), gas: 200_000n });
    await send({ to: odd, data: encoded('Oddities', 'burn', [300n]), gas: 60_000n });
    await send({ to: odd, data: encoded('Oddities', 'precompiles', [toHex('some bytes')]) });
    await send({ to: odd, data: '0xdeadbeef' });
    await send({ to: odd });
    await send({ to: zeroAddress });
    await send({ to: poor.address, data: toHex('x'.repeat(400)) });
    const minter = keccak256(toHex('MINTER'));
    await send({ to: currency, data: encoded('Currency', 'mint', [account.address, 1n]) });
    await send({ to: currency, data: encoded('Currency', 'grantRole', [minter, account.address]) });
    await send({ to: currency, data: encoded('Currency', 'mint', [account.address, 1000n]) });
    for (let value = 1n; value <= 4n; value++) await send({ to: currency, data: encoded('Currency', 'transfer', [poor.address, value]) });
    await send({ to: currency, data: encoded('Currency', 'transfer', [poor.address, 10_000n]) });
    await send({ to: currency, data: encoded('Currency', 'multicall', [[encoded('Currency', 'approve', [poor.address, 7n]), encoded('Currency', 'transfer', [poor.address, 1n])]]) });
    // Types 0 and 1, and an access list.
    const legacy = { maxFeePerGas: undefined, maxPriorityFeePerGas: undefined, gasPrice: 0n };
    await send({ ...legacy, type: 'legacy', to: odd, data: encoded('Oddities', 'set', [20n, 1n]) } as never);
    await send({ ...legacy, type: 'eip2930', to: odd, data: encoded('Oddities', 'set', [21n, 1n]), accessList: [{ address: odd, storageKeys: [padHex('0x00', { size: 32 })] }] } as never);
    await send({ to: odd, data: encoded('Oddities', 'set', [22n, 1n]), accessList: [{ address: currency, storageKeys: [] }, { address: odd, storageKeys: [padHex('0x01', { size: 32 }), padHex('0x02', { size: 32 })] }] });
    expect(sent).toBeGreaterThanOrEqual(60);
  }, 120_000);

  const at = (data: Hex, more: Record<string, Json> = {}, to: Address = odd): Json[] => [{ from: account.address, to, data, ...more }, 'latest'];

  test('calls, refusals and estimates', async () => {
    const calls: Call[] = [];
    const call = (what: string, params: Json[], more: Partial<Call> = {}): void => void calls.push({ what, method: 'eth_call', params, ...more });
    for (let key = 0n; key < 10n; key++) call(`slot ${key}`, at(encoded('Oddities', 'slots', [key])));
    for (let index = 0n; index < 4n; index++) call(`list ${index}`, at(encoded('Oddities', 'list', [index])));
    call('beyond the list', at(encoded('Oddities', 'list', [9n])));
    for (const text of ['', 'r', 'x'.repeat(200)]) call(`a reason of ${text.length}`, at(encoded('Oddities', 'withReason', [text])));
    for (let code = 0n; code < 4n; code++) call(`custom error ${code}`, at(encoded('Oddities', 'withError', [code, 'why'])));
    call('no data', at(encoded('Oddities', 'withNothing')));
    for (const kind of [1n, 17n, 18n, 50n]) call(`panic ${kind}`, at(encoded('Oddities', 'panics', [kind])));
    for (const kind of [1n, 17n, 18n, 50n, 4n]) call(`a caught panic ${kind}`, at(encoded('Oddities', 'caught', [kind])));
    for (const rounds of [0n, 1n, 100n, 1000n]) call(`burning ${rounds}`, at(encoded('Oddities', 'burn', [rounds])));
    for (const data of ['', 'a', 'x'.repeat(64), 'x'.repeat(1000)]) call(`precompiles on ${data.length}`, at(encoded('Oddities', 'precompiles', [toHex(data)])));
    for (let n = 1; n <= 17; n++) call(`precompile ${n} on nothing`, at('0x', {}, padHex(toHex(n), { size: 20 })), { alike: ({ result, error }) => ({ result: result ?? null, fails: error !== undefined }) });
    call('an account without code', at('0x1234', {}, poor.address));
    call('creation by a call', [{ from: account.address, data: contractOf('Child').bytecode + '07'.padStart(64, '0') }, 'latest']);
    call('a creation that reverts', [{ from: account.address, data: contractOf('Child').bytecode + '0d'.padStart(64, '0') }, 'latest']);
    call('a function that does not exist', at('0xdeadbeef'));
    for (const functionName of ['name', 'symbol', 'decimals', 'totalSupply', 'MINTER', 'DOMAIN_SEPARATOR']) call(functionName, at(encoded('Currency', functionName), {}, currency));
    for (const who of [account.address, poor.address, zeroAddress]) call(`balance of ${who}`, at(encoded('Currency', 'balanceOf', [who]), {}, currency), {});
    call('too much', at(encoded('Currency', 'transfer', [poor.address, 10n ** 9n]), {}, currency));
    call('code from an override', [...at('0x', {}, poor.address), { [poor.address]: { code: '0x602a5f5260205ff3' } }]);
    call('state from an override', [...at(encoded('Oddities', 'list', [9n])), { [odd]: { stateDiff: { [padHex('0x01', { size: 32 })]: padHex('0x20', { size: 32 }) } } }]);
    call('all state from an override', [...at(encoded('Oddities', 'slots', [5n])), { [odd]: { state: {} } }]);
    for (const data of [encoded('Oddities', 'withReason', ['late']), encoded('Oddities', 'withError', [7n, 'z']), encoded('Oddities', 'withNothing')]) calls.push({ what: 'the estimate of a revert', method: 'eth_estimateGas', params: at(data) });
    calls.push({ what: 'the estimate of a plain transfer', method: 'eth_estimateGas', params: [{ from: account.address, to: poor.address }, 'latest'] });
    await check(calls);
    expect(called).toBeGreaterThan(70);
  }, 60_000);

  test('what stands in the state, and what does not', async () => {
    const calls: Call[] = [];
    const add = (method: string, ...params: Json[]): void => void calls.push({ what: `${method} ${JSON.stringify(params).slice(0, 90)}`, method, params });
    for (const who of [account.address, poor.address, odd, currency, zeroAddress]) {
      add('eth_getTransactionCount', who, 'latest');
      add('eth_getTransactionCount', who, 'pending');
      add('eth_getCode', who, 'latest');
      for (let slot = 0; slot < 4; slot++) add('eth_getStorageAt', who, toHex(slot), 'latest');
    }
    for (const who of [account.address, poor.address, odd]) add('eth_getBalance', who, 'latest');
    add('eth_getTransactionReceipt', padHex('0x01', { size: 32 }));
    add('eth_getTransactionByHash', padHex('0x01', { size: 32 }));
    add('eth_getBlockByHash', padHex('0x01', { size: 32 }), false);
    add('eth_getBlockByNumber', '0xffffff', false);
    add('eth_getTransactionByBlockNumberAndIndex', '0xffffff', '0x0');
    calls.push({ what: 'transactions of a block that is not there', method: 'eth_getBlockTransactionCountByNumber', params: ['0xffffff'], differs: { why: 'null, as other nodes answer it; anvil takes it for a bad parameter', ours: { result: null }, theirs: { code: -32602, data: null } } });
    add('eth_chainId');
    add('net_version');
    add('eth_gasPrice');
    calls.push({ what: 'a tip', method: 'eth_maxPriorityFeePerGas', params: [], differs: { why: 'there are no fees', ours: { result: '0x0' }, theirs: { result: '0x3b9aca00' } } });
    add('eth_syncing');
    add('net_listening');
    add('web3_sha3', '0x68656c6c6f');
    await check(calls);
  }, 60_000);

  test('bad input has the same error codes', async () => {
    const spent = await account.signTransaction({ chainId: world().evmChainId, nonce: 0, gas: 21_000n, to: poor.address, type: 'eip1559', maxFeePerGas: 0n, maxPriorityFeePerGas: 0n });
    const foreign = await sign({ chainId: world().evmChainId + 1, to: poor.address } as never);
    const rich = await poor.signTransaction({ chainId: world().evmChainId, nonce: 0, gas: 21_000n, to: account.address, value: 10n ** 18n, type: 'eip1559', maxFeePerGas: 0n, maxPriorityFeePerGas: 0n });
    const code = ({ error }: Answer): unknown => error?.code ?? 'no error';
    /** −32000 is what Geth answers, and what clients know the words of: nonce too low, insufficient funds. */
    const refused = (theirs: number): Pick<Call, 'differs'> => ({ differs: { why: 'the code of Geth, not that of EIP-1474', ours: -32000, theirs } });
    const calls: Call[] = [
      { what: 'an unknown method', method: 'eth_nonsense', params: [] },
      { what: 'too few parameters', method: 'eth_getBalance', params: [] },
      { what: 'an address that is none', method: 'eth_getBalance', params: ['0x12', 'latest'] },
      { what: 'a tag that is none', method: 'eth_getBalance', params: [account.address, 'newest'] },
      { what: 'a hash that is none', method: 'eth_getTransactionByHash', params: ['0x12'] },
      { what: 'a nonce that is spent', method: 'eth_sendRawTransaction', params: [spent], ...refused(-32003) },
      { what: 'another chain’s transaction', method: 'eth_sendRawTransaction', params: [foreign], ...refused(-32003) },
      { what: 'more value than there is', method: 'eth_sendRawTransaction', params: [rich], ...refused(-32003) },
      { what: 'bytes that are no transaction', method: 'eth_sendRawTransaction', params: ['0x02c0'], ...refused(-32602) },
    ];
    await check(calls.map((one) => ({ ...one, alike: code })));
  });

  test('so much was compared', () => {
    process.stderr.write(`      compared with anvil: ${sent} transactions, ${called} calls\n`);
    expect(sent + called).toBeGreaterThanOrEqual(200);
  });
}
