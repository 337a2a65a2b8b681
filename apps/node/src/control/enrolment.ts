import { createHmac, timingSafeEqual } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { ENROL_EXPORTER_BYTES, ENROL_EXPORTER_LABEL, enrolClientInput, enrolPossessionBytes, enrolServerInput, equalBytes, fromHex, sign, toHex } from '#ledger';
import type { Identity } from '../identity/identity.js';

export interface EnrolmentAnswer {
  publicKey: string;
  serverProof: string;
  possession: string;
}

export type EnrolmentRefusal = 'noSecret' | 'spent' | 'otherClient' | 'wrongProof';

/**
 * The node's side of enrolment. The secret serves the first client that proves to know it, as often as that client asks
 * (it may have died before it stored our key), and nobody once genesis is there. Wrong proofs are bounded.
 */
export class Enrolment {
  private client: Uint8Array | undefined;
  private wrongProofs = 0;
  private static readonly MAX_WRONG_PROOFS = 20;

  constructor(
    private readonly identity: Identity,
    private readonly secret: string | undefined,
    private readonly hasGenesis: () => boolean,
  ) {}

  answer(socket: TLSSocket, clientKey: Uint8Array, clientProof: string): EnrolmentAnswer | { refused: EnrolmentRefusal } {
    if (this.secret === undefined) return { refused: 'noSecret' };
    if (this.hasGenesis() || this.wrongProofs >= Enrolment.MAX_WRONG_PROOFS) return { refused: 'spent' };
    if (this.client !== undefined && !equalBytes(this.client, clientKey)) return { refused: 'otherClient' };
    const exporter = socket.exportKeyingMaterial(ENROL_EXPORTER_BYTES, ENROL_EXPORTER_LABEL, Buffer.alloc(0));
    const expected = this.hmac(enrolClientInput(exporter));
    const given = Buffer.from(fromHex(clientProof));
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      this.wrongProofs += 1;
      return { refused: 'wrongProof' };
    }
    this.client = clientKey;
    const { publicKey, privateKey } = this.identity;
    return {
      publicKey: toHex(publicKey),
      serverProof: toHex(this.hmac(enrolServerInput(exporter, publicKey))),
      possession: toHex(sign(privateKey, enrolPossessionBytes(exporter, publicKey))),
    };
  }

  private hmac(input: Uint8Array): Buffer {
    return createHmac('sha256', Buffer.from(this.secret ?? '', 'base64url')).update(input).digest();
  }
}
