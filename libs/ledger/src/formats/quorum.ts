/**
 * `BFT`: any f of 3f + 1 equal validators may lie. `CFT`: validators may only crash, so it is for chains where one member
 * owns every validator; it is shown on every receipt.
 */
export type FaultModel = 'BFT' | 'CFT';

/** Enough to decide: BFT 3·p > 2·V, CFT 2·p > V. */
export function isQuorum(model: FaultModel, power: bigint, total: bigint): boolean {
  return model === 'BFT' ? 3n * power > 2n * total : 2n * power > total;
}

/** Enough to hold at least one honest validator: BFT 3·p > V, CFT p > 0. */
export function isWeak(model: FaultModel, power: bigint, total: bigint): boolean {
  return model === 'BFT' ? 3n * power > total : power > 0n;
}
