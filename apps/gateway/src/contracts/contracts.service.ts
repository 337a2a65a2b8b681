import { Inject, Injectable } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import {
  CodedError, isId, sourceTexts, type CompileRequest, type ContractQuery, type ContractSummary, type ContractView, type Page, type PrepareContractRequest, type PreparedContractView,
  type UnsignedTransaction, type VerifyContractRequest,
} from '#contracts';
import { Contracts, withTenant, type ContractRecord, type ContractSource } from '#persistence';
import type { TenantIdentity } from '../auth/identity.js';
import { Compiler } from '../compiler/compiler.js';
import type { CompiledContract } from '../compiler/standard-json.rules.js';
import { DATABASE } from '../database.js';
import { pageOf, pageRequest } from '../http/pages.rules.js';
import { RpcError } from '../rpc/rpc-error.js';
import { ChainCalls, type CalledChain } from './chain-calls.js';
import { compilerOf, matchCode } from './code-match.rules.js';
import { creationData } from './constructor.rules.js';
import { contractSummary, contractView } from './contract.view.js';
import { Deployments } from './deployments.js';

const sourceOf = (request: CompileRequest, compiled: CompiledContract): ContractSource => ({
  compiler: compiled.compiler,
  contract: compiled.name,
  sources: sourceTexts(request),
  settings: request.settings ?? {},
  runtimeCode: compiled.runtimeCode,
  holes: compiled.holes,
});

const shortName = (name: string): string => name.slice(name.lastIndexOf(':') + 1);

/** Contracts from their sources to the chain, and back from the chain to their sources. The signature is the caller's own. */
@Injectable()
export class ContractsService {
  constructor(
    @Inject(DATABASE) private readonly dataSource: DataSource,
    private readonly chains: ChainCalls,
    private readonly compiler: Compiler,
    private readonly deployments: Deployments,
  ) {}

  /** @throws CodedError those of the compiler, `constructor_arguments_invalid`, `transaction_refused` where the constructor reverts */
  async prepare(caller: TenantIdentity, chainId: string, body: PrepareContractRequest): Promise<PreparedContractView> {
    const chain = await this.chains.of(caller, chainId);
    const compiled = body.source === undefined ? null : await this.compiler.compile(body.source, caller.tenantId);
    const abi = compiled?.abi ?? body.abi ?? [];
    const data = creationData(abi, compiled?.creationCode ?? body.bytecode ?? '0x', body.constructorArguments);
    if (data === '0x') throw new CodedError('validation_failed', undefined, { errors: [{ path: 'bytecode', message: 'must hold code' }] });
    const transaction = await unsigned(chain, data, body.from ?? null);
    const record = await this.write(caller, (contracts) =>
      contracts.prepare({
        chainId,
        createdBy: caller.userId,
        name: body.name ?? (compiled === null ? 'Contract' : shortName(compiled.name)),
        abi,
        creationCode: data,
        source: compiled === null || body.source === undefined ? null : sourceOf(body.source, compiled),
      }),
    );
    return { contract: contractView(record), transaction, warnings: compiled?.warnings ?? [] };
  }

  async list(caller: TenantIdentity, chainId: string, query: ContractQuery): Promise<Page<ContractSummary>> {
    const page = pageRequest('contract', query);
    await this.chains.of(caller, chainId);
    return pageOf(await this.write(caller, (contracts) => contracts.list(chainId, page, query.address)), query, contractSummary);
  }

  /** Where it was sent and the answer was lost, the chain is asked. */
  async get(caller: TenantIdentity, chainId: string, id: string): Promise<ContractView> {
    const chain = await this.chains.of(caller, chainId);
    const record = await this.find(caller, chainId, id);
    const settled = await this.deployments.settle(caller, chain, record).catch((error: unknown) => {
      // What is known is told also while no node answers.
      if (error instanceof CodedError && (error.code === 'no_live_node' || error.code === 'chain_not_running')) return record;
      throw error;
    });
    return contractView(settled);
  }

  /** The caller's signature over what was prepared. The same again answers the same. */
  async deploy(caller: TenantIdentity, chainId: string, id: string, signed: string): Promise<ContractView> {
    const chain = await this.chains.of(caller, chainId);
    const record = await this.find(caller, chainId, id);
    if (record.tenantId !== caller.tenantId) throw new CodedError('forbidden', 'another member prepared this contract');
    return contractView(await this.deployments.send(caller, chain, record, signed));
  }

  /** @throws CodedError `source_mismatch` that says where the code differs */
  async verify(caller: TenantIdentity, chainId: string, { address, name, source }: VerifyContractRequest): Promise<ContractView> {
    const chain = await this.chains.of(caller, chainId);
    const deployed = (await chain.call('eth_getCode', [address, 'latest'])) as string;
    // No code means no sources: that takes no compiler to say.
    if (deployed === '0x') throw new CodedError('source_mismatch', 'there is no code at this address');
    // The code says which compiler made it, unless the sender knows better.
    const named = compilerOf(deployed);
    const compiler = source.compiler ?? (named !== null && this.compiler.has(named) ? named : undefined);
    const compiled = await this.compiler.compile(compiler === undefined ? source : { ...source, compiler }, caller.tenantId);
    const match = matchCode(deployed, compiled.runtimeCode, compiled.holes);
    if (match.kind === 'none') throw new CodedError('source_mismatch', match.reason);
    const record = await this.write(caller, (contracts) =>
      contracts.verified({
        chainId, createdBy: caller.userId, name: name ?? shortName(compiled.name), abi: compiled.abi, address, source: sourceOf(source, compiled), verification: match.kind,
      }),
    );
    return contractView(record);
  }

  private async find(caller: TenantIdentity, chainId: string, id: string): Promise<ContractRecord> {
    const record = isId('contract', id) ? await this.write(caller, (contracts) => contracts.get(chainId, id)) : null;
    if (record === null) throw new CodedError('not_found');
    return record;
  }

  private write<T>(caller: TenantIdentity, work: (contracts: Contracts) => Promise<T>): Promise<T> {
    return withTenant(this.dataSource, caller, (manager) => work(new Contracts(manager, caller.tenantId)));
  }
}

/**
 * What the caller signs. The estimate runs the constructor, so one that would revert, or an account that may not deploy, says so before
 * anything is signed. Where nobody is named it is the member's operations account that would deploy.
 */
async function unsigned({ chain, operationsAccount, call }: CalledChain, data: string, from: string | null): Promise<UnsignedTransaction> {
  try {
    const gas = (await call('eth_estimateGas', [{ from: from ?? operationsAccount, data }])) as string;
    const nonce = from === null ? null : ((await call('eth_getTransactionCount', [from, 'pending'])) as string);
    return { type: '0x2', chainId: `0x${chain.evmChainId.toString(16)}`, to: null, data, value: '0x0', gas, maxFeePerGas: '0x0', maxPriorityFeePerGas: '0x0', nonce };
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    throw new CodedError('transaction_refused', `The chain refuses the deployment: ${error.message}`, { cause: error });
  }
}
