/** A number as the execution API writes it: shortest hex. */
export function toQuantity(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}
