import { createDataSource } from '#persistence';

/** A node that ought to run, of a chain that was running when the platform stopped. */
export interface ReturningNode {
  chainId: string;
  chainName: string;
  nodeId: string;
  /** Whether the provisioner has had an answer of it since the start. */
  answers: boolean;
}

const POLL_MS = 250;
/** Nodes that read a long log back take their time; the platform serves meanwhile, so that nobody has to wait longer. */
const WAIT_MS = 60_000;

/** `2 chains are coming back: 5 of 8 nodes answer`; undefined where no chain was running. */
export function progressOf(nodes: readonly ReturningNode[]): string | undefined {
  if (nodes.length === 0) return undefined;
  const chains = new Set(nodes.map(({ chainId }) => chainId)).size;
  const answering = nodes.filter(({ answers }) => answers).length;
  return `${chains === 1 ? '1 chain is' : `${chains} chains are`} coming back: ${answering} of ${nodes.length} nodes answer`;
}

/** A line for each chain of which nodes do not answer, naming them. */
export function missingOf(nodes: readonly ReturningNode[]): string[] {
  const silent = new Map<string, { name: string; ids: string[] }>();
  for (const node of nodes.filter(({ answers }) => !answers)) {
    const chain = silent.get(node.chainId) ?? { name: node.chainName, ids: [] };
    chain.ids.push(node.nodeId);
    silent.set(node.chainId, chain);
  }
  return [...silent].map(([id, { name, ids }]) => `${name} (${id}): no answer yet of ${ids.join(', ')}`);
}

/**
 * Waits until every node of the chains that were running has answered since `since`, for a minute at most, and says each
 * change. Answers a line for each chain of which nodes are still missing: the provisioner goes on trying.
 */
export async function waitForChains(ownerUrl: string, since: Date, say: (detail: string) => void, signal?: AbortSignal): Promise<string[]> {
  const dataSource = await createDataSource(ownerUrl).initialize();
  try {
    const deadline = Date.now() + WAIT_MS;
    let said: string | undefined;
    for (;;) {
      const nodes = await dataSource.query<ReturningNode[]>(
        `select c.id as "chainId", c.name as "chainName", n.id as "nodeId",
           coalesce(n.status = 'running' and n.observed_at >= $1, false) as answers
         from chains c join chain_nodes n on n.chain_id = c.id where c.status = 'running' and n.wanted = 'running' order by c.id, n.id`,
        [since],
      );
      const now = progressOf(nodes);
      if (now !== undefined && now !== said) say(now);
      said = now;
      if (nodes.every(({ answers }) => answers) || Date.now() > deadline || signal?.aborted === true) return missingOf(nodes);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  } finally {
    await dataSource.destroy();
  }
}
