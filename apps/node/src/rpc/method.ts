import type { ChainAccess, RpcBackend } from './backend.js';
import { serverError } from './errors.js';
import type { FilterStore } from './events/filters.js';
import type { EventHub } from './events/hub.js';
import type { SubscriptionSink } from './events/subscriptions.js';
import type { RpcLimits } from './limits.js';
import { readParams, type ParamList } from './params/parser.js';

/** What the server is made of, the same for every call. */
export interface RpcServices {
  backend: RpcBackend;
  limits: RpcLimits;
  hub: EventHub;
  filters: FilterStore;
}

export interface CallContext extends RpcServices {
  /** @throws RpcError while the node has no genesis. */
  readonly chain: ChainAccess;
  /** Of a WebSocket connection; null over HTTP. */
  readonly subscriptions: SubscriptionSink | null;
}

/** One entry of the method table. */
export interface Method {
  name: string;
  /** Names of the parameters, those that may be left out with a question mark. */
  params: readonly string[];
  /** One sentence, and where it differs from Ethereum. */
  doc: string;
  /** Whether it may take long: of one batch, such calls follow each other. */
  isLong: boolean;
  /** @throws RpcError, or an error with a code that `toRpcError` knows. */
  call(context: CallContext, params: unknown): unknown;
}

/** A method from its typed parameters: what is read of the JSON is what the handler gets. */
export function method<A extends readonly unknown[]>(
  name: string,
  doc: string,
  params: ParamList<A>,
  handle: (context: CallContext, ...values: A) => unknown,
): Method {
  return {
    name,
    doc,
    isLong: false,
    params: params.map((param) => (param.fallback === undefined ? param.name : `${param.name}?`)),
    call: (context, given) => handle(context, ...readParams(params, given)),
  };
}

/** Of one batch one at a time, so that a batch of a thousand leaves room for whoever else calls. */
export function long(method: Method): Method {
  return { ...method, isLong: true };
}

export function contextOf(services: RpcServices, subscriptions: SubscriptionSink | null): CallContext {
  return {
    ...services,
    subscriptions,
    get chain(): ChainAccess {
      const chain = services.backend.chain();
      if (chain === null) throw serverError('this node has no genesis yet: its chain has not started');
      return chain;
    },
  };
}
