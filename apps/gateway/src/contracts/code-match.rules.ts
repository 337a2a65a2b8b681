import type { Range } from '../compiler/standard-json.rules.js';

export type CodeMatch =
  /** Byte for byte, with the hash of the metadata: the very sources, comments included. */
  | { kind: 'exact' }
  /** All that executes is the same; comments, names or file names may differ. */
  | { kind: 'partial' }
  | { kind: 'none'; reason: string };

/** solc's metadata in CBOR: `ipfs` → 34 bytes; the 32 of the hash follow the two of the multihash. */
const METADATA_HASH = /a2646970667358221220([0-9a-f]{64})64736f6c6343/g;

/** A library's code begins with its own address, once it is deployed: PUSH20 address, ADDRESS, EQ. */
const LIBRARY_START = /^73(0{40})3014/;
const ADDRESS_BYTES = 20;

function blank(code: string, ranges: readonly Range[]): string {
  let blanked = code;
  for (const { start, length } of ranges) blanked = blanked.slice(0, 2 * start) + '0'.repeat(2 * length) + blanked.slice(2 * (start + length));
  return blanked;
}

/** Where hashes of metadata stand, also those of contracts that this one creates. */
function metadataHashes(code: string): Range[] {
  return [...code.matchAll(METADATA_HASH)].flatMap((match) => {
    // Instructions may look the same at half a byte: only whole ones count.
    if (match.index % 2 !== 0) return [];
    return [{ start: match.index / 2 + 10, length: 32 }];
  });
}

/** The compiler version that the code names at its end, e.g. `0.8.37`; null where it names none. */
export function compilerOf(code: string): string | null {
  const match = /64736f6c6343([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})0033$/.exec(code);
  return match === null ? null : match.slice(1).map((byte) => parseInt(byte, 16)).join('.');
}

/**
 * Compares code on the chain with code from the compiler, both `0x` hex.
 * @param holes places that were filled in at deployment: immutables and libraries' addresses
 */
export function matchCode(deployed: string, compiled: string, holes: readonly Range[]): CodeMatch {
  const [there, here] = [deployed.slice(2).toLowerCase(), compiled.slice(2).toLowerCase()];
  if (there === '') return { kind: 'none', reason: 'there is no code at this address' };
  if (there.length !== here.length) {
    const [theirs, ours] = [compilerOf(there), compilerOf(here)];
    const why = theirs !== null && theirs !== ours ? `: it was compiled by solc ${theirs}, and this is ${ours ?? 'another'}` : ': the sources or the settings differ';
    return { kind: 'none', reason: `the code on the chain has ${there.length / 2} bytes, the compiled one ${here.length / 2}${why}` };
  }
  const filled = [...holes, ...(LIBRARY_START.test(here) ? [{ start: 1, length: ADDRESS_BYTES }] : [])];
  const [masked, expected] = [blank(there, filled), blank(here, filled)];
  if (masked === expected) return { kind: 'exact' };
  const hashes = metadataHashes(expected);
  const [bare, wanted] = [blank(masked, hashes), blank(expected, hashes)];
  if (bare === wanted) return { kind: 'partial' };
  let at = 0;
  while (bare[at] === wanted[at]) at += 1;
  return { kind: 'none', reason: `the code differs from byte ${Math.floor(at / 2)} on: the sources or the settings differ` };
}
