import {
  isOperationOver,
  type ChainOperationView,
  type ChainView,
  type ContractSummary,
  type ContractView,
  type CreateApiKeyRequest,
  type CreatedApiKeyView,
  type CreateChainInput,
  type CreateTenantRequest,
  type CreateTenantResponse,
  type DataCenterView,
  type NodeView,
  type OperationView,
  type Page,
  type PreparedContractView,
  type PrepareContractInput,
  type Problem,
  type SessionView,
  type VerifyContractRequest,
} from '#contracts';
import { SteleApiError } from './error.js';
import { readServerSentEvents } from './server-sent-events.js';

/** What authenticates the calls: an access token of a session, or an API key. */
export type Credentials = { accessToken: string } | { apiKey: string };

export interface SteleClientOptions {
  /** The gateway, e.g. `http://127.0.0.1:7300`. */
  url: string;
  credentials?: Credentials;
  /** For one call without a stream; 30 s unless told. */
  timeoutMs?: number;
}

interface Call {
  body?: unknown;
  headers?: Record<string, string>;
  /** Where the work itself may take longer than the client's own bound. */
  timeoutMs?: number;
}

const RECONNECT_PAUSE_MS = 500;
/** The gateway's own bound of a compilation is 30 s, and some may wait before it. */
const COMPILE_TIMEOUT_MS = 120_000;

/** One identity's view of a Stele gateway. Every failed call throws a {@link SteleApiError}. */
export class SteleClient {
  constructor(private readonly options: SteleClientOptions) {}

  /** The same gateway under another identity. */
  as(credentials: Credentials): SteleClient {
    return new SteleClient({ ...this.options, credentials });
  }

  /** Headers for anything else that talks to the gateway, such as a JSON-RPC transport. */
  authorization(): Record<string, string> {
    const { credentials } = this.options;
    if (credentials === undefined) return {};
    return { authorization: `Bearer ${'apiKey' in credentials ? credentials.apiKey : credentials.accessToken}` };
  }

  /** The chain's JSON-RPC endpoint on this gateway. */
  rpcUrl(chainId: string): string {
    return `${this.options.url}/rpc/${chainId}`;
  }

  registerTenant(body: CreateTenantRequest): Promise<CreateTenantResponse> {
    return this.call('POST', '/v1/tenants', { body });
  }

  logIn(email: string, password: string): Promise<SessionView> {
    return this.call('POST', '/v1/sessions', { body: { email, password } });
  }

  createApiKey(body: Omit<CreateApiKeyRequest, 'expiresInDays'> & { expiresInDays?: number }): Promise<CreatedApiKeyView> {
    return this.call('POST', '/v1/api-keys', { body });
  }

  /** @param idempotencyKey the same key never makes a second chain, however often the call is repeated within 24 hours. */
  createChain(body: CreateChainInput, idempotencyKey?: string): Promise<ChainOperationView> {
    return this.call('POST', '/v1/chains', { body, headers: idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey } });
  }

  chain(chainId: string): Promise<ChainView> {
    return this.call('GET', `/v1/chains/${chainId}`);
  }

  deleteChain(chainId: string): Promise<ChainOperationView> {
    return this.call('DELETE', `/v1/chains/${chainId}`);
  }

  chains(): Promise<Page<ChainView>> {
    return this.call('GET', '/v1/chains');
  }

  nodes(chainId: string): Promise<Page<NodeView>> {
    return this.call('GET', `/v1/chains/${chainId}/nodes`);
  }

  /** The genesis file; its bytes are checked by whoever uses it, not here. */
  genesis(chainId: string): Promise<Record<string, unknown>> {
    return this.call('GET', `/v1/chains/${chainId}/genesis`);
  }

  signGenesis(chainId: string, account: string, signature: string): Promise<unknown> {
    return this.call('POST', `/v1/chains/${chainId}/genesis/signatures`, { body: { account, signature } });
  }

  /** Compiles sources, or takes bytecode and ABI; the answer holds the transaction that the caller signs. */
  prepareContract(chainId: string, body: PrepareContractInput): Promise<PreparedContractView> {
    return this.call('POST', `/v1/chains/${chainId}/contracts`, { body, timeoutMs: COMPILE_TIMEOUT_MS });
  }

  /** Sends the signed transaction; the same again answers the same. */
  deployContract(chainId: string, contractId: string, signedTransaction: string): Promise<ContractView> {
    return this.call('POST', `/v1/chains/${chainId}/contracts/${contractId}/deployment`, { body: { signedTransaction } });
  }

  /** Newest first; those at one address where it is given. */
  contracts(chainId: string, address?: string): Promise<Page<ContractSummary>> {
    return this.call('GET', `/v1/chains/${chainId}/contracts${address === undefined ? '' : `?address=${address}`}`);
  }

  contract(chainId: string, contractId: string): Promise<ContractView> {
    return this.call('GET', `/v1/chains/${chainId}/contracts/${contractId}`);
  }

  /** Compares sources with code that stands on the chain. */
  verifyContract(chainId: string, body: VerifyContractRequest): Promise<ContractView> {
    return this.call('POST', `/v1/chains/${chainId}/contract-verifications`, { body, timeoutMs: COMPILE_TIMEOUT_MS });
  }

  operation(operationId: string): Promise<OperationView> {
    return this.call('GET', `/v1/operations/${operationId}`);
  }

  dataCenters(): Promise<Page<DataCenterView>> {
    return this.call('GET', '/v1/data-centers');
  }

  createDataCenter(body: Record<string, unknown>): Promise<DataCenterView> {
    return this.call('POST', '/v1/data-centers', { body });
  }

  /**
   * Follows an operation until it is over, over its event stream, and connects again where the stream breaks.
   * @throws Error when it is not over within `timeoutMs`.
   */
  async followOperation(operationId: string, onChange: (operation: OperationView) => void, timeoutMs: number): Promise<OperationView> {
    const signal = AbortSignal.timeout(timeoutMs);
    let lastEventId = '';
    for (;;) {
      try {
        const response = await fetch(`${this.options.url}/v1/operations/${operationId}/events`, {
          headers: { ...this.authorization(), accept: 'text/event-stream', ...(lastEventId === '' ? {} : { 'last-event-id': lastEventId }) },
          signal,
        });
        if (!response.ok || response.body === null) throw await this.errorOf(response, `GET /v1/operations/${operationId}/events`);
        for await (const event of readServerSentEvents(response.body)) {
          if (event.id !== '') lastEventId = event.id;
          const operation = await this.operation(operationId);
          onChange(operation);
          if (isOperationOver(operation.status)) return operation;
        }
      } catch (error) {
        if (signal.aborted) throw new Error(`operation ${operationId} is not over after ${timeoutMs / 1000} s`, { cause: error });
        if (error instanceof SteleApiError && error.status < 500) throw error;
      }
      const operation = await this.operation(operationId);
      onChange(operation);
      if (isOperationOver(operation.status)) return operation;
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_PAUSE_MS));
    }
  }

  /** Any call, for what has no method here. */
  async call<T>(method: string, path: string, call: Call = {}): Promise<T> {
    const response = await fetch(`${this.options.url}${path}`, {
      method,
      headers: { ...this.authorization(), ...(call.body === undefined ? {} : { 'content-type': 'application/json' }), ...call.headers },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      signal: AbortSignal.timeout(call.timeoutMs ?? this.options.timeoutMs ?? 30_000),
    });
    if (!response.ok) throw await this.errorOf(response, `${method} ${path}`);
    if (response.status === 204) return undefined as T;
    return (await response.json()) as T;
  }

  private async errorOf(response: Response, request: string): Promise<SteleApiError> {
    const text = await response.text();
    try {
      return new SteleApiError(response.status, JSON.parse(text) as Partial<Problem>, request);
    } catch {
      return new SteleApiError(response.status, { detail: text.slice(0, 500) }, request);
    }
  }
}
