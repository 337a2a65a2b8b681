/** How a program that has started others ends: once, in order, whatever ends it. */
export interface Ending {
  /** Whether the end has begun: then no step may start anything more. */
  readonly signal: AbortSignal;
  /** Stops everything and ends the process with this code; never resolves. */
  end(code: number): Promise<never>;
}

const INTERRUPTED = 130;

/**
 * Begins the end at SIGINT, SIGTERM or SIGHUP, when nobody reads our output any more, and when an error was caught nowhere.
 * @param stop ends all that was started, also what is being started; called once.
 * @param begun told once, and at each further signal, what is going on.
 */
export function installEnding(stop: () => Promise<void>, begun: (again: boolean) => void, codeOfSignal = INTERRUPTED): Ending {
  const controller = new AbortController();
  let ending: Promise<never> | undefined;
  const end = (code: number): Promise<never> => {
    if (ending !== undefined) return ending;
    controller.abort(new Error('interrupted'));
    ending = stop().then(
      () => process.exit(code),
      (error: unknown) => {
        console.error(error instanceof Error ? error.message : error);
        process.exit(code === 0 ? 1 : code);
      },
    );
    return ending;
  };
  const onSignal = (): void => {
    begun(ending !== undefined);
    void end(codeOfSignal);
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
  for (const stream of [process.stdout, process.stderr]) {
    // A closed pipe (`| head`): there is nobody to tell, but what runs must end all the same.
    stream.on('error', () => void end(INTERRUPTED));
  }
  const onFault = (error: unknown): void => {
    if (!controller.signal.aborted) console.error(`\n${error instanceof Error ? (process.env['STELE_VERBOSE'] === undefined ? error.message : error.stack) : String(error)}`);
    void end(1);
  };
  process.on('uncaughtException', onFault);
  process.on('unhandledRejection', onFault);
  return { signal: controller.signal, end };
}
