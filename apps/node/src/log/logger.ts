/** One JSON object a line on stderr. Values are for people who run the node: never a key, a secret, or a raw message. */
export interface Logger {
  debug(message: string, data?: Record<string, unknown>): void;
  info(message: string, data?: Record<string, unknown>): void;
  warn(message: string, data?: Record<string, unknown>): void;
  error(message: string, data?: Record<string, unknown>): void;
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof LEVELS)[number];

/** @param level the least level that is written; `silent` for none. An unknown one is `info`. */
export function createLogger(level: string, write: (line: string) => void = (line) => void process.stderr.write(line)): Logger {
  const known = LEVELS.indexOf(level as Level);
  const least = level === 'silent' ? LEVELS.length : known === -1 ? 1 : known;
  const at = (own: Level) => (message: string, data: Record<string, unknown> = {}): void => {
    if (LEVELS.indexOf(own) >= least) write(`${JSON.stringify({ time: new Date().toISOString(), level: own, message, ...data })}\n`);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
