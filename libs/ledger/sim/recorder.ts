import type { Effect, HeightContext, Input, MachineConfig } from '../src/index.js';
import type { Machine } from './machine.js';

interface Kept {
  input: Input;
  /** What came of it, in short. */
  said: string;
}

const MAX_KEPT = 20_000;

/** One machine's inputs and what came of them: fed to another, they must give the same, as the machine is a function of them. */
export class Recorder {
  private kept: Kept[] = [];
  private config: MachineConfig | null = null;
  private context: HeightContext | null = null;

  begin(config: MachineConfig, context: HeightContext): void {
    [this.config, this.context, this.kept] = [config, context, []];
  }

  took(input: Input, effects: readonly Effect[]): void {
    if (this.kept.length < MAX_KEPT) this.kept.push({ input, said: inShort(effects) });
  }

  /** The first input that gives something else the second time, or null. */
  differs(machine: Machine): string | null {
    if (this.config === null || this.context === null) return null;
    let state = machine.createState(this.config, this.context);
    for (const [i, { input, said }] of this.kept.entries()) {
      const result = machine.step(state, input);
      state = result.state;
      if (inShort(result.effects) !== said) return `input ${i} (${input.type}) gives ${inShort(result.effects)}, and gave ${said}`;
    }
    return null;
  }
}

/** All that an effect says, but for large bodies, which its hashes name. */
function inShort(effects: readonly Effect[]): string {
  return effects.map((effect) => JSON.stringify(effect, (key, value: unknown) =>
    key === 'block' || key === 'outcome' || key === 'record' ? undefined
    : typeof value === 'bigint' ? value.toString()
    : value instanceof Uint8Array ? Buffer.from(value.subarray(0, 8)).toString('hex')
    : value)).join();
}
