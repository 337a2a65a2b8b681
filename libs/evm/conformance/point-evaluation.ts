import { EVMError, type EVMOpts, type ExecResult } from '@ethereumjs/evm';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { equalBytes, sha256 } from '#ledger';

const GAS = 50_000n;
const MODULUS = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;
const FIELD_ELEMENTS = 4096n;

/** The second G2 point of the public ceremony's set-up, [τ]G2: all that verifying one proof needs (consensus specs, trusted_setup_4096). */
const TAU_G2 = 'b5bfd7dd8cdeb128843bc287230af38926187075cbfbefa81009a2ce615ac53d2914e5870cb452d2afaaab24f3499f72185cbfee53492714734429b7b38608e23926c911cceceac9a36851477ba4c60b087041de621000edc98edada20c1def2';

const { G1, G2, fields, pairingBatch } = { G1: bls12_381.G1.Point, G2: bls12_381.G2.Point, fields: bls12_381.fields, pairingBatch: bls12_381.pairingBatch };

/**
 * The precompile 0x0a of EIP-4844, for the public tests only: a Stele chain has no blobs, and its precompile fails. KZG verification as in the
 * consensus specs, `verify_kzg_proof`: e(C − [y]G1, G2) = e(π, [τ − z]G2).
 */
export const pointEvaluation: NonNullable<EVMOpts['customPrecompiles']>[number] = {
  address: '0x000000000000000000000000000000000000000a',
  function: ({ data, gasLimit }): ExecResult => {
    if (gasLimit < GAS) return { returnValue: new Uint8Array(0), executionGasUsed: gasLimit, exceptionError: new EVMError(EVMError.errorMessages.OUT_OF_GAS) };
    if (!holds(data)) return { returnValue: new Uint8Array(0), executionGasUsed: gasLimit, exceptionError: new EVMError(EVMError.errorMessages.INVALID_PROOF) };
    return { returnValue: Uint8Array.from(Buffer.from(FIELD_ELEMENTS.toString(16).padStart(64, '0') + MODULUS.toString(16).padStart(64, '0'), 'hex')), executionGasUsed: GAS };
  },
};

function holds(data: Uint8Array): boolean {
  if (data.length !== 192) return false;
  const [versionedHash, z, y, commitment, proof] = [data.subarray(0, 32), number(data.subarray(32, 64)), number(data.subarray(64, 96)), data.subarray(96, 144), data.subarray(144, 192)];
  const hash = sha256(commitment);
  hash[0] = 1;
  if (!equalBytes(hash, versionedHash) || z >= MODULUS || y >= MODULUS) return false;
  try {
    const [c, pi] = [point(commitment), point(proof)];
    const left = y === 0n ? c : c.subtract(G1.BASE.multiply(y));
    const right = z === 0n ? G2.fromHex(TAU_G2) : G2.fromHex(TAU_G2).subtract(G2.BASE.multiply(z));
    const pairs = [{ g1: left.negate(), g2: G2.BASE }, { g1: pi, g2: right }].filter(({ g1, g2 }) => !g1.is0() && !g2.is0());
    return pairs.length === 0 || fields.Fp12.eql(pairingBatch(pairs), fields.Fp12.ONE);
  } catch {
    return false;
  }
}

function point(bytes: Uint8Array): InstanceType<typeof G1> {
  const read = G1.fromBytes(bytes);
  read.assertValidity();
  return read;
}

const number = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
