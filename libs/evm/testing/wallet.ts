import { hexToBytes, keccak256, type Hex, type TransactionSerializable } from 'viem';
import { privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts';
import { fromHex, type Bytes } from '#ledger';
import { EVM_CHAIN_ID } from './chain.js';

/** Signs as users do, with viem, so that nothing of ours checks itself. */
export class Wallet {
  readonly account: PrivateKeyAccount;
  readonly address: Bytes;
  nonce = 0;

  constructor(name: string) {
    this.account = privateKeyToAccount(keccak256(new TextEncoder().encode(name)));
    this.address = fromHex(this.account.address);
  }

  /** Type 2 unless said otherwise; counts its nonce up. */
  async sign(fields: Record<string, unknown> = {}): Promise<Bytes> {
    const defaults = { type: 'eip1559', chainId: Number(EVM_CHAIN_ID), nonce: this.nonce, gas: 1_000_000n, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n };
    const transaction = { ...defaults, ...fields } as TransactionSerializable;
    this.nonce = (transaction.nonce ?? 0) + 1;
    return hexToBytes(await this.account.signTransaction(transaction));
  }
}

export const hex = (bytes: Bytes): Hex => `0x${Buffer.from(bytes).toString('hex')}`;
