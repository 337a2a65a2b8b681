/** The ledger: hashing, trees, canonical formats, consensus, evidence. Pure; docs/spec says what each format is. */
export * from './encoding/index.js';
export { sha256 } from './crypto/hash.js';
export { checkPublicKey, generateKeyPair, keyPairOf, publicKeyOf, sign, verify, type KeyCheck, type KeyPair } from './crypto/ed25519.js';
export { inclusionProof, leafHash, merkleRoot, verifyInclusion } from './merkle/tree.js';
export * from './formats/quorum.js';
export * from './formats/params.js';
export * from './formats/validators.js';
export * from './formats/header.js';
export * from './formats/vote.js';
export * from './formats/certificate.js';
export * from './formats/evidence.js';
export * from './formats/block.js';
export * from './formats/proposal.js';
export * from './formats/result.js';
export * from './formats/genesis.js';
export * from './formats/genesis-file.js';
export * from './formats/receipt.js';
export * from './formats/enrolment.js';
