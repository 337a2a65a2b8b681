import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const PROGRAM = join(__dirname, '../../node_modules/@foundry-rs', `anvil-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`, 'bin/anvil');
const START_TIMEOUT_MS = 30_000;

/** Foundry's own chain of one node: a block for each transaction, no fees, the chain id of the chain that it is compared with. */
export class Anvil {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly home: string,
  ) {}

  static async start(chainId: number): Promise<Anvil> {
    const home = mkdtempSync(join(tmpdir(), 'stele-anvil-'));
    const options = ['--port', '0', '--chain-id', String(chainId), '--hardfork', 'osaka', '--gas-price', '0', '--base-fee', '0', '--disable-min-priority-fee', '--accounts', '1', '--gas-limit', '60000000'];
    const child = spawn(PROGRAM, options, { stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env['PATH'], HOME: home, FOUNDRY_DISABLE_NIGHTLY_WARNING: '1' } });
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

  async stop(): Promise<void> {
    if (this.child.exitCode === null) {
      const ended = new Promise((resolve) => this.child.once('exit', resolve));
      this.child.kill('SIGTERM');
      await ended;
    }
    rmSync(this.home, { recursive: true, force: true });
  }
}
