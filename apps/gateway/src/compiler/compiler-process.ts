import { spawn, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CodedError } from '#contracts';
import { COMPILER_PROGRAM } from './compiler-program.js';
import { WRAPPER, type CompilerBuild } from './compilers.js';

export interface CompilerLimits {
  timeMs: number;
  /** Resident memory of the process; watched where the system tells it (Linux). */
  memoryBytes: number;
  outputBytes: number;
}

export const DEFAULT_COMPILER_LIMITS: CompilerLimits = { timeMs: 30_000, memoryBytes: 1024 * 1024 * 1024, outputBytes: 64 * 1024 * 1024 };

const WATCH_MS = 50;
/** Pages of Linux on every processor that we run on. */
const PAGE_BYTES = 4096;

/** What the compiler's process says. */
export interface CompilerAnswer {
  version: string;
  output: unknown;
}

/**
 * Compiles in a process of its own, which ends with the answer or at a limit; nothing of the gateway's environment is given to it.
 * @throws CodedError `compiler_limit`
 */
export function runCompiler(input: string, { path }: Pick<CompilerBuild, 'path'>, limits: CompilerLimits = DEFAULT_COMPILER_LIMITS): Promise<CompilerAnswer> {
  const solc = path === null ? require.resolve('solc') : WRAPPER;
  const openZeppelin = dirname(require.resolve('@openzeppelin/contracts/package.json'));
  const child = spawn(process.execPath, ['-e', COMPILER_PROGRAM, solc, path ?? '', openZeppelin], { env: {}, cwd: dirname(solc), stdio: ['pipe', 'pipe', 'pipe'] });
  return new Promise((resolve, reject) => {
    let exceeded: string | null = null;
    const end = (why: string): void => {
      exceeded ??= why;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => end(`more than ${limits.timeMs / 1000} s`), limits.timeMs);
    const watch = setInterval(() => void residentBytes(child).then((bytes) => {
      if (bytes > limits.memoryBytes) end(`more than ${Math.round(limits.memoryBytes / 1024 / 1024)} MiB of memory`);
    }), WATCH_MS);
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes > limits.outputBytes) end(`more than ${limits.outputBytes} bytes of output`);
      else chunks.push(chunk);
    });
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString('utf8')).slice(-2_000)));
    // A process that ended at a limit takes no more input; its end says so.
    child.stdin.on('error', () => undefined);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      clearInterval(watch);
      if (exceeded !== null) return reject(new CodedError('compiler_limit', `The compiler took ${exceeded}, and was stopped: make the sources smaller, or compile them yourself and send bytecode and ABI.`));
      if (code !== 0) return reject(new Error(`the compiler ended with ${String(code)}: ${complaint}`));
      resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')) as CompilerAnswer);
    });
    child.stdin.end(input);
  });
}

async function residentBytes(child: ChildProcess): Promise<number> {
  if (child.pid === undefined || child.exitCode !== null) return 0;
  const text = await readFile(`/proc/${child.pid}/statm`, 'utf8').catch(() => '');
  return Number(text.split(' ')[1] ?? 0) * PAGE_BYTES;
}
