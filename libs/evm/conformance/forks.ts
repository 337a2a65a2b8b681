import { Hardfork } from '@ethereumjs/common';
import { paramsEVM } from '@ethereumjs/evm';
import type { ExecutionRules } from '../src/execute/rules.js';
import { pointEvaluation } from './point-evaluation.js';

/** The forks that the tests name, in order. */
const ORDER = [
  ['Frontier', Hardfork.Chainstart], ['Homestead', Hardfork.Homestead], ['EIP150', Hardfork.TangerineWhistle], ['EIP158', Hardfork.SpuriousDragon], ['Byzantium', Hardfork.Byzantium],
  ['Constantinople', Hardfork.Constantinople], ['ConstantinopleFix', Hardfork.Petersburg], ['Istanbul', Hardfork.Istanbul], ['Berlin', Hardfork.Berlin], ['London', Hardfork.London],
  ['Paris', Hardfork.Paris], ['Shanghai', Hardfork.Shanghai], ['Cancun', Hardfork.Cancun], ['Prague', Hardfork.Prague], ['Osaka', Hardfork.Osaka],
] as const;

export type ForkName = (typeof ORDER)[number][0];

const NAMES: readonly string[] = ORDER.map(([name]) => name);

export class Fork {
  private readonly place: number;

  private constructor(readonly name: string) {
    this.place = NAMES.indexOf(name);
  }

  /** Null for a fork that this program does not know. */
  static of(name: string): Fork | null {
    return NAMES.includes(name) ? new Fork(name) : null;
  }

  since(other: ForkName): boolean {
    return this.place >= NAMES.indexOf(other);
  }

  /** Ethereum's own rules and prices. */
  get rules(): ExecutionRules {
    return {
      hardfork: (ORDER[this.place] as (typeof ORDER)[number])[1], prices: paramsEVM, precompiles: () => (this.since('Cancun') ? [pointEvaluation] : []),
      refundQuotient: this.since('London') ? 5n : 2n, destroysCreatedOnly: this.since('Cancun'), quick: this.since('Berlin'),
    };
  }

  /** Gas before the first opcode (Yellow Paper section 6.2, EIP-2, 2028, 2930, 3860), and the floor of EIP-7623. */
  intrinsicGas(to: Uint8Array | null, data: Uint8Array, accessList: readonly { storageKeys: readonly unknown[] }[]): { intrinsicGas: bigint; floorGas: bigint } {
    const zeros = data.reduce((count, byte) => count + (byte === 0 ? 1 : 0), 0);
    const others = data.length - zeros;
    let gas = 21_000 + 4 * zeros + (this.since('Istanbul') ? 16 : 68) * others;
    if (to === null && this.since('Homestead')) gas += 32_000;
    if (to === null && this.since('Shanghai')) gas += 2 * Math.ceil(data.length / 32);
    for (const { storageKeys } of accessList) gas += 2400 + 1900 * storageKeys.length;
    return { intrinsicGas: BigInt(gas), floorGas: this.since('Prague') ? BigInt(21_000 + 10 * (zeros + 4 * others)) : 0n };
  }
}
