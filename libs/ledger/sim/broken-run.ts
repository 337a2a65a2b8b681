import { ForkChecker, forkOf } from './fork-checker.js';
import { heal, Phases } from './phases.js';

const HEALED_MS = 1500;
const MAX_TROUBLES = 2;
const SHOWN_MS = 500;

/** Too many lie. Trouble and healing in turn; in the end everybody is shown what everybody has decided. */
export class BrokenRun extends Phases {
  all(): void {
    const { world } = this;
    this.begin();
    for (const forMs of world.plan.troublesMs.length > 0 ? world.plan.troublesMs.slice(0, MAX_TROUBLES) : [HEALED_MS]) {
      this.trouble(forMs);
      heal(world);
      this.until(HEALED_MS, () => false);
    }
    world.submitting = false;
    this.show();
    const { checker } = world;
    if (checker instanceof ForkChecker) checker.checkEnd(world.honest, () => world.newChain());
  }

  /** Where two chains part, each of the two nodes gets the other's block; until no two part that were not shown. */
  private show(): void {
    const shown = new Set<string>();
    while (this.showNew(shown)) this.until(SHOWN_MS, () => false);
  }

  private showNew(shown: Set<string>): boolean {
    const { honest } = this.world;
    const before = shown.size;
    for (const a of honest) {
      for (const b of honest) {
        const fork = forkOf(a.disk.chain, b.disk.chain);
        const decided = fork === null ? undefined : a.disk.chain.at(fork);
        const key = `${a.index}/${b.index}/${fork}`;
        if (decided === undefined || shown.has(key)) continue;
        shown.add(key);
        a.send(b.index, { type: 'decided', decided });
      }
    }
    return shown.size > before;
  }
}
