import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { concatBytes, founderMessage, fromHex, to0x, utf8, type Bytes, type FounderSignature, type Genesis } from '#ledger';

/** A member named in genesis, and whether its governance account signed the genesis hash. */
export interface FounderStatus {
  name: string;
  /** Lowercase 0x address. */
  account: string;
  signed: boolean;
}

export type FoundersCheck =
  | { ok: true; founders: FounderStatus[] }
  | { ok: false; code: 'founderUnknown' | 'founderSignature'; account: string; message: string };

/** Hash that EIP-191 `personal_sign` signs: keccak256("\x19Ethereum Signed Message:\n" ‖ length ‖ text). */
export function personalMessageHash(text: string): Bytes {
  const message = utf8(text);
  return keccak_256(concatBytes(utf8(`\x19Ethereum Signed Message:\n${message.length}`), message));
}

/**
 * The account that made an EIP-191 signature `r ‖ s ‖ v` of 65 bytes, or null where there is none. High s is refused
 * (EIP-2), so that one approval has one signature; v is 27 or 28, or 0 or 1 as some hardware wallets write it.
 */
export function recoverPersonalSigner(text: string, signature: Bytes): Bytes | null {
  const v = signature[64];
  if (signature.length !== 65 || v === undefined) return null;
  const recovery = v >= 27 ? v - 27 : v;
  if (recovery !== 0 && recovery !== 1) return null;
  try {
    const parsed = secp256k1.Signature.fromBytes(concatBytes(Uint8Array.of(recovery), signature.subarray(0, 64)), 'recovered');
    if (parsed.hasHighS()) return null;
    const point = parsed.recoverPublicKey(personalMessageHash(text)).toBytes(false);
    return keccak_256(point.subarray(1)).slice(12);
  } catch {
    return null;
  }
}

/** Whether one founder signature is by its account, over this genesis hash. Never throws. */
export function verifyFounder(genesisHash: Bytes | string, founder: FounderSignature): boolean {
  if (!/^0x[0-9a-fA-F]{130}$/.test(founder.signature)) return false;
  const signer = recoverPersonalSigner(founderMessage(genesisHash), fromHex(founder.signature));
  return signer !== null && to0x(signer) === founder.account.toLowerCase();
}

/**
 * Checks every founder signature of a genesis file: each is by a governance account that genesis names, over this genesis
 * hash. Who has not signed is reported, not refused: a file is read before all have signed, too.
 */
export function verifyFounders(genesis: Pick<Genesis, 'members'>, genesisHash: Bytes, signatures: readonly FounderSignature[]): FoundersCheck {
  const founders = genesis.members.map((member) => ({ name: member.name, account: to0x(member.governance), signed: false }));
  const text = founderMessage(genesisHash);
  for (const { account, signature } of signatures) {
    const address = account.toLowerCase();
    const founder = founders.find((candidate) => candidate.account === address);
    if (founder === undefined) {
      return { ok: false, code: 'founderUnknown', account: address, message: `the genesis file holds a signature of ${address}, which is no governance account of a member` };
    }
    const signer = recoverPersonalSigner(text, fromHex(signature));
    if (signer === null || to0x(signer) !== address) {
      const by = signer === null ? 'it is no valid signature' : `it was made by ${to0x(signer)}, or over another text`;
      return { ok: false, code: 'founderSignature', account: address, message: `the founder signature of ${founder.name} (${address}) does not hold: ${by}` };
    }
    founder.signed = true;
  }
  return { ok: true, founders };
}
