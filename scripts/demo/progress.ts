/** Where the output is no terminal, a detail is printed at most this often. */
const LINE_EVERY_MS = 500;

/** Shows what happens while it happens, and keeps how long each step took. Everything goes to standard error. */
export class Progress {
  private readonly rows: { step: string; ms: number; note: string }[] = [];
  private readonly out = process.stderr;

  /** Runs one step; on a terminal the line counts the seconds while it runs. */
  async step<T>(name: string, run: (say: (detail: string) => void) => Promise<T>, note: (result: T) => string = () => ''): Promise<T> {
    const started = performance.now();
    let detail = '';
    let printedAt = -LINE_EVERY_MS;
    const seconds = (): string => `${((performance.now() - started) / 1000).toFixed(1)} s`;
    const live = this.out.isTTY === true;
    const draw = (): void => {
      if (live) this.out.write(`\r\u001b[2K  … ${name}  ${seconds()}  ${detail}`);
    };
    if (!live) this.out.write(`  … ${name}\n`);
    const timer = setInterval(draw, 250);
    const say = (text: string): void => {
      if (text === detail) return;
      detail = text;
      if (live) draw();
      else if (performance.now() - printedAt > LINE_EVERY_MS) {
        printedAt = performance.now();
        this.out.write(`      ${text}\n`);
      }
    };
    try {
      const result = await run(say);
      const ms = performance.now() - started;
      const text = note(result);
      this.rows.push({ step: name, ms, note: text });
      this.out.write(`${live ? '\r\u001b[2K' : ''}  ✓ ${name}  ${seconds()}${text === '' ? '' : `  ${text}`}\n`);
      return result;
    } catch (error) {
      this.out.write(`${live ? '\r\u001b[2K' : ''}  ✗ ${name}  ${seconds()}\n`);
      throw error;
    } finally {
      clearInterval(timer);
    }
  }

  say(line: string): void {
    this.out.write(`${line}\n`);
  }

  /** A table of what took how long. */
  table(): void {
    const width = Math.max(...this.rows.map((row) => row.step.length));
    this.out.write('\n');
    for (const row of this.rows) {
      this.out.write(`  ${row.step.padEnd(width)}  ${(row.ms / 1000).toFixed(2).padStart(7)} s  ${row.note}\n`);
    }
    this.out.write('\n');
  }
}
