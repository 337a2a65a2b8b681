import { createPublicClient, createWalletClient, defineChain, encodeFunctionData, http, keccak256, toHex, type Abi, type Hex } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import type { CompiledContract } from './contract.js';

const SEND_AT_ONCE = 16;

/** Everything that the demo does on the chain, with viem, through the gateway. */
export class Traffic {
  private readonly chain;
  private readonly transport;
  readonly reader;
  private readonly writer;

  constructor(
    rpcUrl: string,
    headers: Record<string, string>,
    evmChainId: number,
    private readonly account: PrivateKeyAccount,
  ) {
    this.chain = defineChain({ id: evmChainId, name: 'Stele demo', nativeCurrency: { name: 'none', symbol: 'NONE', decimals: 18 }, rpcUrls: { default: { http: [rpcUrl] } } });
    this.transport = http(rpcUrl, { fetchOptions: { headers }, retryCount: 3, timeout: 20_000 });
    this.reader = createPublicClient({ chain: this.chain, transport: this.transport, pollingInterval: 50 });
    this.writer = createWalletClient({ chain: this.chain, transport: this.transport, account });
  }

  /** Deploys the contract and waits for its receipt. */
  async deploy(contract: CompiledContract): Promise<Hex> {
    const hash = await this.writer.deployContract({ abi: contract.abi as Abi, bytecode: contract.bytecode });
    const receipt = await this.reader.waitForTransactionReceipt({ hash, timeout: 60_000 });
    if (receipt.status !== 'success' || receipt.contractAddress == null) throw new Error(`the deployment failed in block ${receipt.blockNumber}`);
    return receipt.contractAddress;
  }

  /** Sends `count` confirmations, 16 calls at a time, and waits until all are committed. Returns their hashes. */
  async confirmMany(address: Hex, abi: Abi, count: number, label: string, say: (detail: string) => void): Promise<Hex[]> {
    const firstNonce = await this.reader.getTransactionCount({ address: this.account.address, blockTag: 'pending' });
    const raw = await Promise.all(
      Array.from({ length: count }, (_, i) =>
        this.account.signTransaction({
          type: 'eip1559', chainId: this.chain.id, nonce: firstNonce + i, gas: 200_000n, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n, to: address,
          data: encodeFunctionData({ abi, functionName: 'confirm', args: [keccak256(toHex(`${label} ${i}`)), BigInt(i + 1)] }),
        }),
      ),
    );
    const hashes: Hex[] = [];
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let i = next++; i < raw.length; i = next++) {
        hashes[i] = await this.reader.sendRawTransaction({ serializedTransaction: raw[i] as Hex });
        say(`${i + 1} of ${count} sent`);
      }
    };
    await Promise.all(Array.from({ length: Math.min(SEND_AT_ONCE, count) }, worker));
    const receipts = await Promise.all(hashes.map((hash) => this.reader.waitForTransactionReceipt({ hash, timeout: 60_000 })));
    const failed = receipts.filter((receipt) => receipt.status !== 'success');
    if (failed.length > 0) throw new Error(`${failed.length} of ${count} transactions failed, the first in block ${failed[0]?.blockNumber}`);
    return hashes;
  }

  /** A JSON-RPC method that viem has no name for. */
  async call<T>(method: string, params: unknown[]): Promise<T> {
    return (await (this.reader.request as (call: { method: string; params: unknown[] }) => Promise<unknown>)({ method, params })) as T;
  }
}
