import { AbiCoder, Contract, ContractFactory, FetchRequest, getCreate2Address, id, isError, JsonRpcProvider, keccak256, Signature, Wallet, WebSocketProvider, type InterfaceAbi, type WebSocketLike } from 'ethers';
import { generatePrivateKey } from 'viem/accounts';
import { WebSocket } from 'ws';
import { contractOf } from './compile.js';
import type { ToolWorld } from './world.js';

/** ethers 6: what it sends in batches, decodes and listens to. */
export function ethersSuite(world: () => ToolWorld): void {
  let provider: JsonRpcProvider;
  let wallet: Wallet;

  beforeAll(() => {
    const request = new FetchRequest(world().rpcUrl);
    for (const [name, value] of Object.entries(world().headers)) request.setHeader(name, value);
    provider = new JsonRpcProvider(request, world().evmChainId, { staticNetwork: true, pollingInterval: 50, cacheTimeout: -1 });
    // ethers answers from its memory for 250 ms otherwise; here a block is final within a tenth of that, and the nonce has moved on.
    wallet = new Wallet(generatePrivateKey(), provider);
  });
  afterAll(() => provider.destroy());

  const deploy = async (name: string, args: readonly unknown[] = []): Promise<Contract> => {
    const contract = await new ContractFactory(contractOf(name).abi as InterfaceAbi, contractOf(name).bytecode, wallet).deploy(...args);
    await contract.waitForDeployment();
    return new Contract(await contract.getAddress(), contractOf(name).abi as InterfaceAbi, wallet);
  };
  const send = async (contract: Contract, name: string, ...args: unknown[]) => {
    const sent = (await contract.getFunction(name).send(...args));
    const receipt = await sent.wait();
    if (receipt?.status !== 1) throw new Error(`${name} failed`);
    return receipt;
  };

  test('tokens, roles and a permit', async () => {
    const currency = await deploy('Currency', [wallet.address]);
    const at = await currency.getAddress();
    await send(currency, 'grantRole', id('MINTER'), wallet.address);
    await send(currency, 'mint', wallet.address, 90n);
    const spender = Wallet.createRandom(provider);
    const value = { owner: wallet.address, spender: spender.address, value: 30n, nonce: 0n, deadline: 2n ** 40n };
    const fields = Object.keys(value).map((name) => ({ name, type: name === 'owner' || name === 'spender' ? 'address' : 'uint256' }));
    const { v, r, s } = Signature.from(await wallet.signTypedData({ name: 'Harbour Dollar', version: '1', chainId: world().evmChainId, verifyingContract: at }, { Permit: fields }, value));
    await send(currency, 'permit', value.owner, value.spender, value.value, value.deadline, v, r, s);
    await send(currency.connect(spender) as Contract, 'transferFrom', wallet.address, spender.address, 30n);
    expect(await Promise.all([currency.getFunction('balanceOf')(wallet.address), currency.getFunction('balanceOf')(spender.address), provider.getBlockNumber(), provider.getNetwork().then(({ chainId }) => chainId)])).toEqual([60n, 30n, expect.any(Number), BigInt(world().evmChainId)]);
    const found = await currency.queryFilter(currency.filters['Transfer']?.(null, spender.address) as never, 0);
    expect(found).toHaveLength(1);
  });

  test('reasons, custom errors and panics by name; a failed transaction by its receipt', async () => {
    const odd = await deploy('Oddities');
    const thrownBy = async (name: string, ...args: unknown[]) => {
      const error: unknown = await odd.getFunction(name).staticCall(...args).catch((thrown: unknown) => thrown);
      if (!isError(error, 'CALL_EXCEPTION')) throw error;
      return error;
    };
    expect(await thrownBy('withReason', 'not today')).toMatchObject({ reason: 'not today' });
    expect((await thrownBy('withError', 5n, 'why')).revert).toMatchObject({ name: 'Refused', args: [wallet.address, 5n, 'why'] });
    expect((await thrownBy('panics', 18n)).revert).toMatchObject({ name: 'Panic', args: [18] });
    const sent = await odd.getFunction('withReason').send('too late', { gasLimit: 100_000n });
    const failed: unknown = await sent.wait().catch((thrown: unknown) => thrown);
    expect(isError(failed, 'CALL_EXCEPTION') && failed.receipt?.status).toBe(0);
    await expect(odd.getFunction('withReason').send('at estimation')).rejects.toThrow(/at estimation/);
  });

  test('CREATE2, blocks with their transactions, and events over WebSocket', async () => {
    const odd = await deploy('Oddities');
    const at = await odd.getAddress();
    const salt = id('salt');
    const receipt = await send(odd, 'make', salt, 3n);
    const initCode = `${contractOf('Child').bytecode}${AbiCoder.defaultAbiCoder().encode(['uint256'], [3n]).slice(2)}`;
    const child = getCreate2Address(at, salt, keccak256(initCode));
    expect(odd.interface.parseLog(receipt.logs[0] as never)?.args['child']).toBe(child);
    const block = await provider.getBlock(receipt.blockNumber, true);
    expect(block?.prefetchedTransactions.some(({ hash }) => hash === receipt.hash)).toBe(true);
    const socket = new WebSocketProvider(() => new WebSocket(world().webSocketUrl, { headers: world().headers }) as unknown as WebSocketLike, world().evmChainId);
    try {
      const heard = new Promise<string>((resolve) => void new Contract(at, contractOf('Oddities').abi as InterfaceAbi, socket).on('Hashed', (_text, data: string) => resolve(data)));
      await socket.getBlockNumber();
      await new Promise((resolve) => setTimeout(resolve, 200));
      await send(odd, 'events', 1n, 'heard');
      expect(Buffer.from((await heard).slice(2), 'hex').toString()).toBe('heard');
    } finally {
      await socket.destroy();
    }
  });
}
