import { BaseError, ContractFunctionRevertedError, concat, createPublicClient, createWalletClient, decodeEventLog, defineChain, encodeFunctionData, getAddress, getContractAddress, http, keccak256, padHex, parseAbiItem, parseSignature, toHex, webSocket, zeroAddress, type Address, type Hex } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { WebSocket } from 'ws';
import { contractOf } from './compile.js';
import type { ToolWorld } from './world.js';

const [owner, other] = [privateKeyToAccount(generatePrivateKey()), privateKeyToAccount(generatePrivateKey())];

/** viem, with OpenZeppelin's contracts: tokens, roles, permits, several calls at once, an upgrade, CREATE2. */
export function viemSuite(world: () => ToolWorld): void {
  const chain = () => defineChain({ id: world().evmChainId, name: 'tools', nativeCurrency: { name: 'none', symbol: 'NONE', decimals: 18 }, rpcUrls: { default: { http: [world().rpcUrl] } } });
  const transport = () => http(world().rpcUrl, { fetchOptions: { headers: world().headers }, batch: true });
  const reader = () => createPublicClient({ chain: chain(), transport: transport(), pollingInterval: 50 });
  const wallet = (account = owner) => createWalletClient({ chain: chain(), transport: transport(), account });

  const mined = async (hash: Hex) => {
    const receipt = await reader().waitForTransactionReceipt({ hash, timeout: 30_000 });
    expect(receipt.status).toBe('success');
    return receipt;
  };
  const deploy = async (name: string, args: readonly unknown[] = []): Promise<Address> => {
    const { abi, bytecode } = contractOf(name);
    return getAddress((await mined(await wallet().deployContract({ abi, bytecode, args }))).contractAddress as Address);
  };
  const write = async (name: string, address: Address, functionName: string, args: readonly unknown[] = [], account = owner) => mined(await wallet(account).writeContract({ address, abi: contractOf(name).abi, functionName, args }));
  const read = (name: string, address: Address, functionName: string, args: readonly unknown[] = []): Promise<unknown> => reader().readContract({ address, abi: contractOf(name).abi, functionName, args });
  const refusal = async (name: string, address: Address, functionName: string, args: readonly unknown[], account = owner): Promise<ContractFunctionRevertedError> => {
    const thrown: unknown = await reader().simulateContract({ address, abi: contractOf(name).abi, functionName, args, account }).catch((error: unknown) => error);
    const found = thrown instanceof BaseError ? thrown.walk((one) => one instanceof ContractFunctionRevertedError) : null;
    if (found === null) throw new Error(`no revert: ${String(thrown)}`);
    return found as ContractFunctionRevertedError;
  };

  test('ERC-20 with roles: who may not mint is told so in the contract’s own error', async () => {
    const currency = await deploy('Currency', [owner.address]);
    const minter = keccak256(toHex('MINTER'));
    expect(await refusal('Currency', currency, 'mint', [owner.address, 5n])).toMatchObject({ data: { errorName: 'AccessControlUnauthorizedAccount', args: [owner.address, minter] } });
    await write('Currency', currency, 'grantRole', [minter, owner.address]);
    await write('Currency', currency, 'mint', [owner.address, 1000n]);
    const { logs } = await write('Currency', currency, 'transfer', [other.address, 300n]);
    expect(decodeEventLog({ abi: contractOf('Currency').abi, ...(logs[0] as (typeof logs)[0]) })).toMatchObject({ eventName: 'Transfer', args: { from: owner.address, to: other.address, value: 300n } });
    await write('Currency', currency, 'approve', [owner.address, 100n], other);
    await write('Currency', currency, 'transferFrom', [other.address, owner.address, 100n]);
    expect([await read('Currency', currency, 'balanceOf', [owner.address]), await read('Currency', currency, 'balanceOf', [other.address]), await read('Currency', currency, 'totalSupply')]).toEqual([800n, 200n, 1000n]);
    expect(await refusal('Currency', currency, 'transfer', [other.address, 5000n])).toMatchObject({ data: { errorName: 'ERC20InsufficientBalance', args: [owner.address, 800n, 5000n] } });
    const transfers = await reader().getLogs({ address: currency, event: parseAbiItem('event Transfer(address indexed from, address indexed to, uint256 value)'), args: { to: owner.address }, fromBlock: 0n });
    expect(transfers.map(({ args }) => args.value)).toEqual([1000n, 100n]);
  });

  test('a permit (EIP-712) signed by one account is used by another; several calls in one transaction', async () => {
    const currency = await deploy('Currency', [owner.address]);
    const abi = contractOf('Currency').abi;
    const call = (functionName: string, args: readonly unknown[]): Hex => encodeFunctionData({ abi, functionName, args });
    await write('Currency', currency, 'multicall', [[call('grantRole', [keccak256(toHex('MINTER')), owner.address]), call('mint', [other.address, 50n])]]);
    const deadline = BigInt(Math.floor(Date.now() / 1000)) + 3600n;
    const message = { owner: other.address, spender: owner.address, value: 40n, nonce: 0n, deadline };
    const types = { Permit: ['owner', 'spender', 'value', 'nonce', 'deadline'].map((name) => ({ name, type: name === 'owner' || name === 'spender' ? 'address' : 'uint256' })) };
    const signature = await other.signTypedData({ domain: { name: 'Harbour Dollar', version: '1', chainId: world().evmChainId, verifyingContract: currency }, types, primaryType: 'Permit', message });
    const { r, s, yParity } = parseSignature(signature);
    await write('Currency', currency, 'permit', [other.address, owner.address, 40n, deadline, 27 + yParity, r, s]);
    await write('Currency', currency, 'transferFrom', [other.address, owner.address, 40n]);
    expect(await read('Currency', currency, 'balanceOf', [owner.address])).toBe(40n);
    expect(await refusal('Currency', currency, 'permit', [other.address, owner.address, 40n, deadline, 27 + yParity, r, s])).toMatchObject({ data: { errorName: 'ERC2612InvalidSigner' } });
  });

  test('ERC-721 and ERC-1155', async () => {
    const [bill, goods] = [await deploy('Bill'), await deploy('Goods')];
    await write('Bill', bill, 'issue', [owner.address, 7n]);
    await write('Bill', bill, 'safeTransferFrom', [owner.address, other.address, 7n]);
    expect(await read('Bill', bill, 'ownerOf', [7n])).toBe(other.address);
    expect(await refusal('Bill', bill, 'ownerOf', [8n])).toMatchObject({ data: { errorName: 'ERC721NonexistentToken', args: [8n] } });
    // A contract that does not say that it takes tokens gets none.
    expect(await refusal('Bill', bill, 'issue', [goods, 9n])).toMatchObject({ data: { errorName: 'ERC721InvalidReceiver' } });
    await write('Goods', goods, 'stock', [owner.address, [1n, 2n], [10n, 20n]]);
    await write('Goods', goods, 'safeBatchTransferFrom', [owner.address, other.address, [1n, 2n], [3n, 4n], '0x']);
    expect(await read('Goods', goods, 'balanceOfBatch', [[owner.address, other.address], [1n, 2n]])).toEqual([7n, 4n]);
  });

  test('a UUPS proxy keeps its state over an upgrade, which its owner alone may make', async () => {
    const [one, two] = [await deploy('LedgerV1'), await deploy('LedgerV2')];
    const proxy = await deploy('Proxy', [one, encodeFunctionData({ abi: contractOf('LedgerV1').abi, functionName: 'initialize', args: [owner.address] })]);
    await write('LedgerV1', proxy, 'add');
    expect(await read('LedgerV1', proxy, 'version')).toBe('one');
    expect(await refusal('LedgerV1', proxy, 'upgradeToAndCall', [two, '0x'], other)).toMatchObject({ data: { errorName: 'NotOwner', args: [other.address] } });
    await write('LedgerV1', proxy, 'upgradeToAndCall', [two, '0x']);
    expect([await read('LedgerV2', proxy, 'version'), await read('LedgerV2', proxy, 'entries')]).toEqual(['two', 1n]);
    const slot = await reader().getStorageAt({ address: proxy, slot: '0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc' });
    expect(slot).toBe(padHex(two.toLowerCase() as Hex, { size: 32 }));
  });

  test('CREATE2 goes where it must; a contract of nearly the largest size; one that is too large is refused', async () => {
    const odd = await deploy('Oddities');
    const salt = padHex('0x5a', { size: 32 });
    const { logs } = await write('Oddities', odd, 'make', [salt, 12n]);
    const initCode = concat([contractOf('Child').bytecode, padHex('0x0c', { size: 32 })]);
    const child = getContractAddress({ opcode: 'CREATE2', from: odd, salt, bytecode: initCode });
    expect(decodeEventLog({ abi: contractOf('Oddities').abi, ...(logs[0] as (typeof logs)[0]) })).toMatchObject({ eventName: 'Made', args: { child, salt } });
    expect(await read('Child', child, 'number')).toBe(12n);
    const large = await deploy('Large');
    const code = await reader().getCode({ address: large });
    expect(((code?.length ?? 0) - 2) / 2).toBeGreaterThan(24_376);
    // PUSH2 0x6001, PUSH0, RETURN: 24,577 bytes of code.
    const hash = await wallet().sendTransaction({ data: '0x6160015ff3', gas: 10_000_000n });
    expect((await reader().waitForTransactionReceipt({ hash })).status).toBe('reverted');
  });

  test('events of every shape, reasons, errors with values and panics', async () => {
    const odd = await deploy('Oddities');
    const { logs, blockNumber } = await write('Oddities', odd, 'events', [7n, 'words']);
    expect(logs.map(({ topics }) => topics.length)).toEqual([1, 4, 2, 1]);
    const [found] = await reader().getContractEvents({ address: odd, abi: contractOf('Oddities').abi, eventName: 'Indexed', args: { number: 7n, who: owner.address }, fromBlock: blockNumber, strict: true });
    expect(found).toMatchObject({ args: { number: 7n, text: 'words', word: keccak256(toHex('words')) } });
    expect(await refusal('Oddities', odd, 'withReason', ['not today'])).toMatchObject({ reason: 'not today' });
    expect(await refusal('Oddities', odd, 'withError', [9n, 'no'])).toMatchObject({ data: { errorName: 'Refused', args: [owner.address, 9n, 'no'] } });
    expect((await refusal('Oddities', odd, 'panics', [17n])).shortMessage).toContain('overflow');
    expect((await refusal('Oddities', odd, 'panics', [50n])).shortMessage).toContain('out of bounds');
    expect((await refusal('Oddities', odd, 'withNothing', [])).data).toBeUndefined();
    await expect(reader().estimateContractGas({ address: odd, abi: contractOf('Oddities').abi, functionName: 'withReason', args: ['later'], account: owner })).rejects.toThrow(/later/);
    // State overrides: as if somebody else's code stood there.
    const { data } = await reader().call({ to: zeroAddress, data: '0x', stateOverride: [{ address: zeroAddress, code: '0x602a5f5260205ff3' }] });
    expect(data).toBe(padHex('0x2a', { size: 32 }));
  });

  test('heads and logs over WebSocket, with the same API key', async () => {
    const odd = await deploy('Oddities');
    class WithKey extends WebSocket {
      constructor(url: string) {
        super(url, { headers: world().headers });
      }
    }
    const before = globalThis.WebSocket;
    // viem takes the platform's WebSocket, which cannot send headers; Node's programs give it one that can.
    globalThis.WebSocket = WithKey as unknown as typeof globalThis.WebSocket;
    try {
      const listener = createPublicClient({ chain: chain(), transport: webSocket(world().webSocketUrl, { reconnect: false }) });
      const heads: bigint[] = [];
      const texts: string[] = [];
      const stopHeads = listener.watchBlockNumber({ onBlockNumber: (height) => void heads.push(height) });
      const stopLogs = listener.watchContractEvent({ address: odd, abi: contractOf('Oddities').abi, eventName: 'Indexed', strict: true, onLogs: (logs) => void texts.push(...logs.map((log) => (log as unknown as { args: { text: string } }).args.text)) });
      await new Promise((resolve) => setTimeout(resolve, 200));
      for (const text of ['one', 'two', 'three']) await write('Oddities', odd, 'events', [1n, text]);
      const endMs = Date.now() + 20_000;
      while ((texts.length < 3 || heads.length < 3) && Date.now() < endMs) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(texts).toEqual(['one', 'two', 'three']);
      expect(heads).toEqual([...new Set(heads)].sort((a, b) => Number(a - b)));
      stopHeads();
      stopLogs();
      (await listener.transport.getRpcClient()).close();
    } finally {
      globalThis.WebSocket = before;
    }
  });
}
