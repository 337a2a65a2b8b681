import { setImmediate as nextTurn } from 'node:timers/promises';

/** Does a little of the work; true when all of it is done. Must not throw. */
export type Job = () => boolean;

/**
 * Work for peers, of which each has its turn: whoever sends much, or what is hard to refuse, waits for itself. Jobs of one peer are done
 * in their order; the event loop has a turn between any two pieces.
 */
export class Turns {
  private readonly waiting = new Map<string, Job[]>();
  private running = false;

  add(peer: string, job: Job): void {
    const jobs = this.waiting.get(peer);
    if (jobs === undefined) this.waiting.set(peer, [job]);
    else jobs.push(job);
    if (!this.running) void this.run();
  }

  private async run(): Promise<void> {
    this.running = true;
    while (this.waiting.size > 0) {
      // A peer that comes while this goes round has its turn at the end.
      for (const [peer, jobs] of this.waiting) {
        if ((jobs[0] as Job)()) jobs.shift();
        if (jobs.length === 0) this.waiting.delete(peer);
        if (this.waiting.size > 0) await nextTurn();
      }
    }
    this.running = false;
  }
}
