/** One bug to plant: a piece of the source, and what stands there instead. The piece must stand in the file exactly once. */
export interface Mutant {
  name: string;
  /** Below libs/ledger. */
  file: string;
  find: string;
  replace: string;
  /** Whether it shows only where a third of the power or more lies. */
  broken?: boolean;
  /** Where a search that has little time may begin. */
  nearSeed?: number;
}
