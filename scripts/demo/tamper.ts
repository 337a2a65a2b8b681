/** A copy of the receipt that claims another amount of gas: small, plausible, and false. */
export function tamper(receipt: Record<string, unknown>): Record<string, unknown> {
  const copy = structuredClone(receipt);
  const result = copy['result'] as Record<string, unknown> | undefined;
  if (result === undefined || typeof result['gasUsed'] !== 'string') throw new Error('the receipt has no result.gasUsed to tamper with');
  const gasUsed = BigInt(result['gasUsed']) + 1n;
  result['gasUsed'] = result['gasUsed'].startsWith('0x') ? `0x${gasUsed.toString(16)}` : gasUsed.toString();
  return copy;
}
