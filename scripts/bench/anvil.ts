import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

/** The program of the npm package, up from here: this file also runs from dist. */
function program(): string {
  const name = `anvil-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
  for (let folder = __dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, 'node_modules', '@foundry-rs', name, 'bin', 'anvil');
    if (existsSync(path)) return path;
  }
  throw new Error(`anvil is not installed for this machine: there is no package @foundry-rs/${name}`);
}

const START_TIMEOUT_MS = 30_000;

/** Foundry's own chain of one node: a block for each transaction, no fees, the chain id of the chain that it is compared with. */
export class Anvil {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly home: string,
  ) {}

  /** @param blockTimeSeconds a block each time; without it one for each transaction, at once. */
  static async start(chainId: number, blockTimeSeconds?: number): Promise<Anvil> {
    const home = mkdtempSync(join(tmpdir(), 'stele-anvil-'));
    const options = ['--port', '0', '--chain-id', String(chainId), '--hardfork', 'osaka', '--gas-price', '0', '--base-fee', '0', '--disable-min-priority-fee', '--accounts', '1', '--gas-limit', blockTimeSeconds === undefined ? '60000000' : '3000000000'];
    if (blockTimeSeconds !== undefined) options.push('--block-time', String(blockTimeSeconds));
    const child = spawn(program(), options, { stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env['PATH'], HOME: home, FOUNDRY_DISABLE_NIGHTLY_WARNING: '1' } });
    const url = await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('anvil did not start')), START_TIMEOUT_MS);
      child.once('exit', (code) => reject(new Error(`anvil ended with ${String(code)}`)));
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        const address = /Listening on (\S+)/.exec(line)?.[1];
        if (address === undefined) return;
        clearTimeout(timer);
        resolve(`http://${address}`);
      });
    });
    return new Anvil(url, child, home);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null) {
      const ended = new Promise((resolve) => this.child.once('exit', resolve));
      this.child.kill('SIGTERM');
      await ended;
    }
    rmSync(this.home, { recursive: true, force: true });
  }
}
