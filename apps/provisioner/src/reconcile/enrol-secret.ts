import { createHmac, hkdfSync } from 'node:crypto';

/**
 * The one-time enrolment secret of a node, derived from the provisioner's own key instead of stored: a provisioner that
 * dies between starting a node and enrolling it derives the same again, and the database never holds it.
 *
 * HKDF-SHA256 (RFC 5869) of the provisioner's seed, then HMAC-SHA256 over the node's id; base64url, 43 characters.
 */
export function enrolSecret(provisionerSeed: Uint8Array, nodeId: string): string {
  const key = hkdfSync('sha256', provisionerSeed, new Uint8Array(0), 'stele enrolment secret v1', 32);
  return createHmac('sha256', Buffer.from(key)).update(nodeId).digest('base64url');
}
