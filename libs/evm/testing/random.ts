/** Of this process's random tests, which print it; `STELE_SEED=n` repeats a run. */
export const SEED = Number(process.env['STELE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/** mulberry32: whole numbers from 0 on and below the one that is asked for. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}
