import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ChainOfOne, EVM_CHAIN_ID, RICH_KEY } from './testing/chain-of-one.js';
import { probeBytecode } from './testing/probe.js';

const run = promisify(execFile);
const CAST = join(__dirname, '../../../../node_modules/@foundry-rs', `cast-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`, 'bin/cast');

describe('cast against a chain of one validator', () => {
  let node: ChainOfOne;

  beforeAll(async () => {
    node = await ChainOfOne.start();
  });
  afterAll(async () => node.stop());

  const cast = async (...args: string[]): Promise<string> => {
    const { stdout } = await run(CAST, [args[0] ?? '', '--rpc-url', node.url, ...args.slice(1)], { env: { ...process.env, NO_PROXY: '127.0.0.1', FOUNDRY_DISABLE_NIGHTLY_WARNING: '1' }, timeout: 20_000 });
    return stdout.trim();
  };

  it('reads the chain, deploys, sends and calls', async () => {
    expect(await cast('chain-id')).toBe(String(EVM_CHAIN_ID));
    expect(JSON.parse(await cast('block', '0', '--json'))).toMatchObject({ hash: node.genesisFile.genesisHash, number: '0x0' });
    const deployed = JSON.parse(await cast('send', '--private-key', RICH_KEY, '--json', '--create', `${probeBytecode()}${'7'.padStart(64, '0')}`)) as { contractAddress: string; status: string };
    expect(deployed.status).toBe('0x1');
    const sent = JSON.parse(await cast('send', '--private-key', RICH_KEY, '--json', deployed.contractAddress, 'store(uint256,string)', '42', 'from cast')) as { status: string; logs: unknown[] };
    expect(sent).toMatchObject({ status: '0x1', logs: [{ address: deployed.contractAddress }] });
    expect(await cast('call', deployed.contractAddress, 'value()(uint256)')).toBe('42');
    expect(await cast('balance', deployed.contractAddress)).toBe('0');
    expect(await cast('logs', '--from-block', '0', '--address', deployed.contractAddress, 'Stored(address,uint256,string)')).toContain(deployed.contractAddress.slice(2, 10));
    await expect(cast('call', deployed.contractAddress, 'refuse()')).rejects.toThrow(/not today/);
    expect(await cast('block-number')).toBe(node.store.head().height.toString());
  }, 60_000);
});
