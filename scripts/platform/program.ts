import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** A program of the platform that is kept running: restarted with a growing pause when it ends by itself. */
export interface Program {
  readonly name: string;
  /** The program's process id, or undefined between two lives. */
  pid(): number | undefined;
  /** What the program printed on its ready line. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** Ends it with SIGTERM, after `graceMs` with SIGKILL. */
  stop(graceMs?: number): Promise<void>;
}

export interface ProgramOptions {
  name: string;
  file: string;
  env: NodeJS.ProcessEnv;
  logFolder: string;
  readyTimeoutMs?: number;
  /** Ends a start that is still under way; afterwards it does nothing. */
  giveUp?: AbortSignal;
  /** Told when the program ended by itself and is started again. */
  onRestart?: (name: string, code: number | null, signal: string | null) => void;
}

/** So much of a log is shown when a program does not start: its folder may be gone before somebody looks. */
const SHOWN_OF_LOG = 1500;
const RESTART_PAUSE_MS = [250, 1000, 2000, 5000, 10_000];

/** Starts a compiled program and waits for its line `{"ready":true,…}`. Its log goes to `logFolder/NAME.log`. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  mkdirSync(options.logFolder, { recursive: true });
  const logFile = join(options.logFolder, `${options.name}.log`);
  let child: ChildProcess;
  let stopping = false;
  let restarts = 0;
  let pause: NodeJS.Timeout | undefined;
  let lastWords = '';

  const launch = (onReady: (line: Record<string, unknown>) => void): ChildProcess => {
    const log = createWriteStream(logFile, { flags: 'a' });
    // Its own process group: Ctrl-C in the terminal reaches only the starter, which then stops the programs in order.
    // Its standard input is a pipe of ours: when the starter dies, however it dies, the program sees the end and stops too.
    const started = spawn(process.execPath, [options.file], { env: { ...options.env, STELE_STOP_WITH_PARENT: '1' }, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    started.stdin?.on('error', () => undefined);
    let line = '';
    started.stdout?.on('data', (chunk: Buffer) => {
      log.write(chunk);
      line += chunk.toString('utf8');
      for (let end = line.indexOf('\n'); end >= 0; end = line.indexOf('\n')) {
        const ready = parseReady(line.slice(0, end));
        if (ready !== undefined) onReady(ready);
        line = line.slice(end + 1);
      }
    });
    started.stderr?.on('data', (chunk: Buffer) => {
      log.write(chunk);
      lastWords = (lastWords + chunk.toString('utf8')).slice(-SHOWN_OF_LOG);
    });
    started.on('close', () => log.end());
    return started;
  };

  const keepRunning = (running: ChildProcess): void => {
    running.on('exit', (code, signal) => {
      if (stopping) return;
      options.onRestart?.(options.name, code, signal);
      const pauseMs = RESTART_PAUSE_MS[Math.min(restarts, RESTART_PAUSE_MS.length - 1)];
      restarts += 1;
      pause = setTimeout(() => {
        child = launch(() => (restarts = 0));
        keepRunning(child);
      }, pauseMs);
    });
  };

  const started = new AbortController();
  const ready = await new Promise<Record<string, unknown>>((resolve, reject) => {
    child = launch((line) => {
      clearTimeout(timer);
      resolve(line);
    });
    const fail = (why: string): void => reject(new Error(`${options.name} did not start: ${why}. Its log is ${logFile} and ends with:\n${lastWords}`));
    const timer: NodeJS.Timeout = setTimeout(() => {
      child.kill('SIGKILL');
      fail('it was not ready in time');
    }, options.readyTimeoutMs ?? 60_000);
    options.giveUp?.addEventListener('abort', () => child.kill('SIGKILL'), { once: true, signal: started.signal });
    child.once('error', (error) => fail(error.message));
    // `close` comes when its output has been read to the end, `exit` may come before.
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      fail(`it ended with ${signal ?? `exit code ${String(code)}`}`);
    });
  });
  started.abort();
  keepRunning(child!);

  return {
    name: options.name,
    ready,
    pid: () => (child.exitCode === null && child.signalCode === null ? child.pid : undefined),
    async stop(graceMs = 15_000) {
      stopping = true;
      clearTimeout(pause);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await ended;
      clearTimeout(force);
    },
  };
}

function parseReady(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value = JSON.parse(line) as Record<string, unknown>;
    return value['ready'] === true ? value : undefined;
  } catch {
    // A log line that only looks like JSON is no ready line.
    return undefined;
  }
}
