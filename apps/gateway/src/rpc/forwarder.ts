import { CodedError } from '#contracts';
import { acceptKnown, mayHoldTransaction, refusedSends } from './retry.rules.js';
import { CallTookTooLong, type RpcAnswer, type Upstream } from './upstream.js';
import type { Upstreams } from './upstreams.js';
import type { ChainAccess } from './rpc-access.js';

const MAX_ATTEMPTS = 5;

/** Sends a JSON-RPC call or batch to one node of the chain, and to the next where that one fails. */
export class RpcForwarder {
  constructor(private readonly upstreams: Upstreams) {}

  /**
   * Every call may be sent again: reads change nothing, and a transaction is named by its hash.
   * @throws CodedError `no_live_node` where no node answers, `chain_not_running` where none could.
   */
  async forward(access: ChainAccess, body: Buffer): Promise<RpcAnswer> {
    const candidates = this.upstreams.candidates(access.chainId, access.nodes, access.client).slice(0, MAX_ATTEMPTS);
    let last: unknown;
    let attempts = 0;
    for (const upstream of candidates) {
      attempts += 1;
      try {
        const answer = await upstream.call(body);
        this.upstreams.served(access.chainId, access.client, upstream.health.nodeId);
        return attempts > 1 && mayHoldTransaction(body) ? await acceptRepeated(upstream, body, answer) : answer;
      } catch (error) {
        if (error instanceof CallTookTooLong) throw new CodedError('no_live_node', error.message, { cause: error, retryAfterSeconds: 1 });
        last = error;
      }
    }
    if (access.waitsFor !== null) throw new CodedError('chain_not_running', access.waitsFor, { cause: last, retryAfterSeconds: 1 });
    throw new CodedError('no_live_node', attempts === 0 ? 'the chain has no node that could answer' : `${attempts} nodes were tried, none answered`, {
      cause: last,
      retryAfterSeconds: 1,
    });
  }
}

/**
 * The first node may have taken the transaction before it died, so that this one refuses it as known or as spent. Where
 * this node knows the transaction, the send has succeeded.
 */
async function acceptRepeated(upstream: Upstream, request: Buffer, answer: RpcAnswer): Promise<RpcAnswer> {
  const refused = refusedSends(request, answer.body);
  if (refused.size === 0) return answer;
  const known = new Map<string, string>();
  for (const [id, hash] of refused) {
    const look = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_getTransactionByHash', params: [hash] }));
    const found = JSON.parse((await upstream.call(look)).body.toString('utf8')) as { result?: unknown };
    if (typeof found.result === 'object' && found.result !== null) known.set(id, hash);
  }
  return known.size === 0 ? answer : { ...answer, body: acceptKnown(answer.body, known) };
}
