import { concatBytes, utf8, Writer, type Bytes } from '../encoding/index.js';
import { SIGN_TAGS } from './vote.js';

/**
 * Enrolment: node and provisioner prove to each other, over a TLS 1.3 session whose ends do not yet know each other's keys,
 * that they know the node's one-time secret. All inputs hold the session's exporter (RFC 8446, section 7.5), so no proof can
 * be carried to another session.
 */
export const ENROL_EXPORTER_LABEL = 'EXPORTER-stele-enrol';
export const ENROL_EXPORTER_BYTES = 32;

/** HMAC-SHA256 input of the provisioner's proof. */
export function enrolClientInput(exporter: Bytes): Bytes {
  return concatBytes(utf8('stele-enrol-client'), exporter);
}

/** HMAC-SHA256 input of the node's proof: it names the key that enters genesis. */
export function enrolServerInput(exporter: Bytes, publicKey: Bytes): Bytes {
  return concatBytes(utf8('stele-enrol-server'), exporter, publicKey);
}

/** What the node's own key signs to prove that it holds it: `tag u8 | exporter[32] | publicKey[32]`. */
export function enrolPossessionBytes(exporter: Bytes, publicKey: Bytes): Bytes {
  return new Writer().u8(SIGN_TAGS.enrolment).fixed(exporter, ENROL_EXPORTER_BYTES).fixed(publicKey, 32).finish();
}
