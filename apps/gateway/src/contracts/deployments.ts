import { Inject, Injectable } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { CodedError } from '#contracts';
import { Contracts, withTenant, type ContractRecord, type Verification } from '#persistence';
import type { TenantIdentity } from '../auth/identity.js';
import { DATABASE } from '../database.js';
import { RpcError } from '../rpc/rpc-error.js';
import type { CalledChain } from './chain-calls.js';
import { matchCode } from './code-match.rules.js';
import { readDeployment } from './deployment.rules.js';

/** For so long a request waits for the block; after that the contract stays `sent`, and who reads it finds how it went. */
const WAIT_MS = 20_000;
const POLL_MS = 50;

interface Receipt {
  status: string;
  contractAddress: string | null;
  blockNumber: string;
  from: string;
}

/** Signed deployments on their way. The hash is written down before it is sent: whoever comes later can ask the chain. */
@Injectable()
export class Deployments {
  constructor(@Inject(DATABASE) private readonly dataSource: DataSource) {}

  /** @throws CodedError `transaction_refused`, or `conflict` where it was deployed by another transaction */
  async send(caller: TenantIdentity, chain: CalledChain, prepared: ContractRecord, signed: string): Promise<ContractRecord> {
    const { creationCode } = prepared;
    if (creationCode === null) throw new CodedError('conflict', 'this contract stood on the chain before it was known here: there is nothing to deploy');
    const { raw, hash } = await readDeployment(signed, { evmChainId: chain.chain.evmChainId, creationCode });
    // An earlier transaction may have come through in the meantime.
    const record = await this.settle(caller, chain, prepared);
    if (record.status === 'deployed' || (record.status === 'failed' && record.transactionHash === hash)) {
      if (record.transactionHash === hash) return record;
      throw new CodedError('conflict', `the contract is deployed already, at ${String(record.address)}: prepare another`);
    }
    await this.write(caller, (contracts) => contracts.sending(record.id, hash));
    try {
      if ((await receiptOf(chain, hash)) === null) await chain.call('eth_sendRawTransaction', [raw]);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      // The same request may have come twice, and the other one brought it in: then this refusal means nothing.
      if ((await chain.call('eth_getTransactionByHash', [hash])) === null) await this.refuse(caller, record, hash, error);
    }
    return this.awaitBlock(caller, chain, record);
  }

  private async refuse(caller: TenantIdentity, record: ContractRecord, hash: string, error: RpcError): Promise<never> {
    await this.write(caller, (contracts) => contracts.refused(record.id, hash));
    throw new CodedError('transaction_refused', `The chain refuses the transaction: ${error.message}`, { cause: error });
  }

  private async awaitBlock(caller: TenantIdentity, chain: CalledChain, record: ContractRecord): Promise<ContractRecord> {
    const deadline = Date.now() + WAIT_MS;
    for (;;) {
      const now = await this.settle(caller, chain, await this.read(caller, record));
      if (now.status !== 'sent' || Date.now() > deadline) return now;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Takes from the chain what became of a deployment of the caller's own that was sent. */
  async settle(caller: TenantIdentity, chain: CalledChain, record: ContractRecord): Promise<ContractRecord> {
    if (record.status !== 'sent' || record.transactionHash === null || record.tenantId !== caller.tenantId) return record;
    const receipt = await receiptOf(chain, record.transactionHash);
    if (receipt === null) return record;
    if (receipt.status !== '0x1' || receipt.contractAddress === null) {
      await this.write(caller, async (contracts) => contracts.failed(record.id, await reasonOf(chain, record, receipt)));
    } else {
      const address = receipt.contractAddress.toLowerCase();
      const verification = await verificationOf(chain, record, address);
      await this.write(caller, (contracts) => contracts.deployed(record.id, { address, blockNumber: Number(BigInt(receipt.blockNumber)), verification }));
    }
    return this.read(caller, record);
  }

  private async read(caller: TenantIdentity, { chainId, id }: ContractRecord): Promise<ContractRecord> {
    const record = await this.write(caller, (contracts) => contracts.get(chainId, id));
    if (record === null) throw new CodedError('not_found');
    return record;
  }

  private write<T>(caller: TenantIdentity, work: (contracts: Contracts) => Promise<T>): Promise<T> {
    return withTenant(this.dataSource, caller, (manager) => work(new Contracts(manager, caller.tenantId)));
  }
}

async function receiptOf({ call }: CalledChain, hash: string): Promise<Receipt | null> {
  return (await call('eth_getTransactionReceipt', [hash])) as Receipt | null;
}

/** A contract that changed or destroyed itself in its constructor may differ: it stands without verification. */
async function verificationOf({ call }: CalledChain, { source }: ContractRecord, address: string): Promise<Verification | null> {
  if (source === null) return null;
  const match = matchCode((await call('eth_getCode', [address, 'latest'])) as string, source.runtimeCode, source.holes);
  return match.kind === 'none' ? null : match.kind;
}

/** The constructor runs once more, as a call, to hear why it reverts; the state may have changed since. */
async function reasonOf({ call }: CalledChain, { creationCode }: ContractRecord, { from, blockNumber }: Receipt): Promise<string> {
  const before = `0x${(BigInt(blockNumber) - 1n).toString(16)}`;
  try {
    await call('eth_call', [{ from, data: creationCode }, before]);
  } catch (error) {
    if (error instanceof RpcError) return error.message;
    throw error;
  }
  return 'the deployment failed: it ran out of gas, or the state has changed since';
}
