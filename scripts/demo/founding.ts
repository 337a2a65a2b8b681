import type { ChainView } from '#contracts';
import { founderMessage, genesisFromJson } from '#ledger';
import type { SteleClient } from '#sdk';
import type { PrivateKeyAccount } from 'viem/accounts';

export interface FoundedChain {
  chainId: string;
  evmChainId: number;
  genesisFile: Record<string, unknown>;
  genesisHash: string;
  /** From the API call to `running`, as the caller saw it. */
  provisionMs: number;
  /** When the API call was made, on the clock of `performance.now()`. */
  askedAtMs: number;
}

export interface Founder {
  name: string;
  governance: PrivateKeyAccount;
  operations: PrivateKeyAccount;
}

/**
 * Asks for a chain, signs its genesis with the founder's own key when the platform asks for it, and waits until it runs.
 * The private keys stay here.
 */
export async function foundChain(
  client: SteleClient,
  founder: Founder,
  placements: { dataCenter: string; count: number }[],
  say: (detail: string) => void,
): Promise<FoundedChain> {
  const askedAtMs = performance.now();
  const { chain, operation } = await client.createChain(
    {
      name: `${founder.name} deliveries`,
      members: [{ name: founder.name, governanceAccount: founder.governance.address, operationsAccount: founder.operations.address }],
      nodes: placements.map((placement) => ({ ...placement, kind: 'validator' as const })),
    },
    `demo-${crypto.randomUUID()}`,
  );
  let signed: Promise<void> | undefined;
  const done = await client.followOperation(
    operation.id,
    (seen) => {
      const step = seen.steps.find((one) => one.status === 'running');
      if (step !== undefined) say(step.detail === null ? step.name : `${step.name}: ${step.detail}`);
      if (seen.status === 'running') signed ??= signWhenAsked(client, chain.id, founder);
    },
    180_000,
  );
  if (done.status !== 'succeeded') throw new Error(`the chain was not founded: ${done.error?.message ?? done.status}`);
  await signed;
  const provisionMs = performance.now() - askedAtMs;
  const genesisFile = await client.genesis(chain.id);
  return { chainId: chain.id, evmChainId: chain.evmChainId, genesisFile, genesisHash: String(genesisFile['genesisHash']), provisionMs, askedAtMs };
}

/** Waits for `awaitingFounders`, checks that genesis names us as we asked, and signs its hash. */
export async function signWhenAsked(client: SteleClient, chainId: string, founder: Founder): Promise<void> {
  for (;;) {
    const chain: ChainView = await client.chain(chainId);
    if (chain.status === 'awaitingFounders') break;
    if (chain.status === 'failed' || chain.status === 'running') return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { genesis, genesisHash } = genesisFromJson(await client.genesis(chainId));
  const governance = Buffer.from(genesis.members[0]?.governance ?? []).toString('hex');
  if (`0x${governance}` !== founder.governance.address.toLowerCase()) throw new Error('the genesis does not name our governance account: we do not sign it');
  const signature = await founder.governance.signMessage({ message: founderMessage(genesisHash) });
  await client.signGenesis(chainId, founder.governance.address, signature);
}
