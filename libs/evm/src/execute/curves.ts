import { MCLBLS, RustBN254, type EVMOpts } from '@ethereumjs/evm';

/** The EVM library's ports for its pairing curves. */
export type Curves = Required<Pick<EVMOpts, 'bls' | 'bn254'>>;

let loaded: Promise<Curves> | undefined;

/**
 * BLS12-381 (EIP-2537) by mcl and bn254 (EIP-196, 197) by rustbn, both in WebAssembly: with the library's own JavaScript a block of
 * nothing but these would take minutes. Loaded once a thread, where code runs: they take some megabytes.
 */
export function loadCurves(): Promise<Curves> {
  return (loaded ??= load());
}

async function load(): Promise<Curves> {
  const [mcl, { initRustBN }] = await Promise.all([import('mcl-wasm'), import('rustbn-wasm')]);
  await mcl.init(mcl.BLS12_381);
  return { bls: new MCLBLS(mcl), bn254: new RustBN254(await initRustBN()) };
}
