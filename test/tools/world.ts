import type { Platform } from '../../scripts/platform/platform.js';
import { foundChain } from '../../scripts/demo/founding.js';
import { makeHome, newFounder, registerTenant, removeHome, startTestPlatform, testEnvironment, timed } from '../support/e2e.js';

/** A chain of four validators behind the gateway, and what a developer is given of it: an address and an API key. */
export interface ToolWorld {
  rpcUrl: string;
  webSocketUrl: string;
  /** `authorization: Bearer …` */
  headers: Record<string, string>;
  /** The same address with the key in its path, for what sends no headers. */
  keyedUrl: string;
  evmChainId: number;
  stop(): Promise<void>;
}

export async function startToolWorld(): Promise<ToolWorld> {
  const home = makeHome();
  const platform: Platform = await startTestPlatform({ home, env: testEnvironment({ STELE_RUNTIME: 'process' }), dataCenters: [{ name: 'here', runtime: 'process' }] });
  try {
    const founder = newFounder('Aster Freight');
    const client = await registerTenant(platform.url, founder.name);
    const { chainId, evmChainId } = await timed('a chain for the tools', () => foundChain(client, founder, [{ dataCenter: 'here', count: 4 }], () => undefined));
    const headers = Object.fromEntries(Object.entries(client.authorization()).map(([name, value]) => [name, String(value)]));
    const rpcUrl = client.rpcUrl(chainId);
    const keyedUrl = `${rpcUrl}/${String(headers['authorization']).replace('Bearer ', '')}`;
    return {
      rpcUrl, keyedUrl, webSocketUrl: rpcUrl.replace('http', 'ws'), headers, evmChainId,
      stop: async () => {
        await platform.stop({ removeData: true });
        removeHome(home);
      },
    };
  } catch (error) {
    await platform.stop({ removeData: true });
    removeHome(home);
    throw error;
  }
}
