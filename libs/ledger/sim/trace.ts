import { evidenceKey, toHex, type Bytes, type Message } from '../src/index.js';

/** What happens in a run, for its hash or for a reader: the same seed gives the same lines. Off unless somebody asked. */
export class Trace {
  private high = 0xdeadbeef;
  private low = 0x41c6ce57;
  /** Whether lines are wanted: who would make one asks first, as making them costs more than the machine. */
  readonly on: boolean;

  /** @param hashed whether `hash` is wanted. @param sink gets every line. */
  constructor(hashed: boolean, private readonly sink: ((line: string) => void) | null = null) {
    this.on = hashed || sink !== null;
  }

  add(atMs: number, node: number, text: string): void {
    if (!this.on) return;
    const line = `${atMs} ${node} ${text}`;
    for (let i = 0; i < line.length; i++) {
      const code = line.charCodeAt(i);
      this.high = Math.imul(this.high ^ code, 2654435761);
      this.low = Math.imul(this.low ^ code, 1597334677);
    }
    this.sink?.(`${String(atMs).padStart(7)} n${node} ${text}`);
  }

  /** Null where nobody asked. */
  get hash(): string | null {
    return this.on ? (this.high >>> 0).toString(16).padStart(8, '0') + (this.low >>> 0).toString(16).padStart(8, '0') : null;
  }
}

export const short = (hash: Bytes | null): string => (hash === null ? 'nil' : toHex(hash.subarray(0, 4)));

export function describe(message: Message): string {
  switch (message.type) {
    case 'proposal':
      return `proposal ${message.proposal.height}/${message.proposal.round} pol ${message.proposal.polRound} ${short(message.proposal.blockHash)}`;
    case 'vote':
      return `${message.vote.kind} ${message.vote.height}/${message.vote.round} ${short(message.vote.blockHash)} of ${message.vote.validator}`;
    case 'certificate':
      return `certificate ${message.certificate.kind} ${message.certificate.height}/${message.certificate.round} ${short(message.certificate.blockHash)}`;
    case 'skipProof':
      return `skipProof ${message.votes.map((vote) => `${vote.height}/${vote.round}`).join(' ')}`;
    case 'evidence':
      return `evidence ${evidenceKey(message.evidence).slice(56)}`;
  }
}
