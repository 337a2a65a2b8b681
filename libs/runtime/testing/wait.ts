/** Asks until the answer is not undefined and throws nothing; the last error after `withinMs`. */
export async function eventually<T>(ask: () => Promise<T | undefined>, withinMs = 10_000): Promise<T> {
  const end = Date.now() + withinMs;
  let last: unknown = new Error('no answer yet');
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw last;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export async function fetchText(host: string, port: number, path: string): Promise<string> {
  const response = await fetch(`http://${host}:${port}${path}`, { signal: AbortSignal.timeout(5000) });
  return response.text();
}
