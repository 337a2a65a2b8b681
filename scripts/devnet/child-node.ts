import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface ChildNodeOptions {
  bundle: string;
  /** The Node that runs it; without, the one that runs us. */
  nodeBinary?: string | undefined;
  dataFolder: string;
  /** Raw Ed25519 key, hex, that may use control and rpc. */
  controlKey: string;
  enrolSecret: string;
  /** 0 picks a free one. */
  devPort: number;
  logLevel?: string;
  /** 0 picks free ones. */
  ports?: { peer: number; control: number; rpc: number };
}

export interface ReadyLine {
  publicKey: string;
  ports: { peer: number; control: number; rpc: number; dev: number };
}

const READY_TIMEOUT_MS = 15_000;
const STOP_GRACE_MS = 8000;

/** A ledger node as a child process on loopback; its log goes to `log` in its folder. */
export class ChildNode {
  private constructor(
    readonly ready: ReadyLine,
    /** From the start of the process to its ready line. */
    readonly startMs: number,
    private readonly child: ChildProcess,
  ) {}

  static async start(options: ChildNodeOptions): Promise<ChildNode> {
    mkdirSync(options.dataFolder, { recursive: true, mode: 0o700 });
    const { peer, control, rpc } = options.ports ?? { peer: 0, control: 0, rpc: 0 };
    const log = openSync(join(options.dataFolder, 'log'), 'a', 0o600);
    const began = performance.now();
    const child = spawn(options.nodeBinary ?? process.execPath, [options.bundle], {
      // The channel tells the node when we are gone, however we ended.
      stdio: ['ignore', 'pipe', log, 'ipc'],
      // Its own process group: Ctrl-C in the terminal reaches only us, and we end the nodes in order.
      detached: true,
      env: {
        PATH: process.env['PATH'],
        STELE_DATA: options.dataFolder,
        STELE_HOST: '127.0.0.1',
        STELE_PEER_PORT: String(peer),
        STELE_CONTROL_PORT: String(control),
        STELE_RPC_PORT: String(rpc),
        STELE_CONTROL_KEYS: options.controlKey,
        STELE_RPC_KEYS: options.controlKey,
        STELE_ENROL_SECRET: options.enrolSecret,
        STELE_DEV_RPC: `127.0.0.1:${options.devPort}`,
        STELE_LOG_LEVEL: options.logLevel ?? 'info',
        ...(process.env['STELE_HISTORY'] === undefined ? {} : { STELE_HISTORY: process.env['STELE_HISTORY'] }),
      },
    });
    closeSync(log);
    const ready = await readyLine(child, options.dataFolder);
    return new ChildNode(ready, performance.now() - began, child);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  get rpcUrl(): string {
    return `http://127.0.0.1:${this.ready.ports.dev}`;
  }

  /** Answers the exit code, or the signal that ended it. */
  async stop(): Promise<number | string | null> {
    const force = setTimeout(() => this.child.kill('SIGKILL'), STOP_GRACE_MS);
    const result = await this.end('SIGTERM');
    clearTimeout(force);
    return result;
  }

  kill(): Promise<number | string | null> {
    return this.end('SIGKILL');
  }

  private async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | string | null> {
    if (this.running) {
      const ended = new Promise<void>((resolve) => this.child.once('exit', () => resolve()));
      this.child.kill(signal);
      await ended;
    }
    return this.child.exitCode ?? this.child.signalCode;
  }
}

function readyLine(child: ChildProcess, folder: string): Promise<ReadyLine> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(new Error(`a node did not start: ${why}. Its log is ${join(folder, 'log')}.`));
    };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail(`it was not ready within ${READY_TIMEOUT_MS} ms`);
    }, READY_TIMEOUT_MS);
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code, signal) => fail(`it ended with ${signal ?? String(code)}`));
    if (child.stdout === null) return fail('it has no output');
    createInterface({ input: child.stdout }).once('line', (line) => {
      clearTimeout(timer);
      resolve(JSON.parse(line) as ReadyLine);
    });
  });
}
