import { sign, type KeyObject } from 'node:crypto';

/**
 * A self-signed Ed25519 certificate (RFC 5280, section 4.1, version 1: no extensions; RFC 8410 for the key and signature).
 * It only carries the key through TLS, where nothing else of it is read, so it is written here in a few lines of DER: a
 * library for it would take a third of the node's start and 10 MB of its memory.
 */
export function selfSignedCertificate(privateKey: KeyObject, publicKey: KeyObject): string {
  const algorithm = sequence(ED25519);
  const name = sequence(tlv(0x31, sequence(COMMON_NAME, tlv(0x0c, Buffer.from('stele-node')))));
  const validity = sequence(tlv(0x17, Buffer.from('200101000000Z')), tlv(0x18, Buffer.from(NO_END)));
  const serial = tlv(0x02, Buffer.of(1));
  const body = sequence(serial, algorithm, name, validity, name, publicKey.export({ format: 'der', type: 'spki' }));
  const signature = tlv(0x03, Buffer.concat([Buffer.of(0), sign(null, body, privateKey)]));
  const text = sequence(body, algorithm, signature).toString('base64').replace(/.{1,64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${text}-----END CERTIFICATE-----\n`;
}

/** Object identifiers 1.3.101.112 and 2.5.4.3. */
const ED25519 = Buffer.from('06032b6570', 'hex');
const COMMON_NAME = Buffer.from('0603550403', 'hex');
/** RFC 5280, section 4.1.2.5: a certificate without an end. Trust comes from the pinned key. */
const NO_END = '99991231235959Z';

function sequence(...parts: Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

/** Tag, length (X.690, section 8.1.3) and value; values here are shorter than 65,536 bytes. */
function tlv(tag: number, value: Buffer): Buffer {
  const { length } = value;
  const header = length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), value]);
}
