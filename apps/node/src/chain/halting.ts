import type { HaltProof } from '#ledger';
import type { Logger } from '../log/logger.js';
import { messageFrame } from '../peer/messages.js';
import { HaltRecord, type Halt } from './halt-record.js';

export interface HaltingParts {
  broadcast: (frame: Buffer) => void;
  /** Ends consensus and sync; reads, status and the evidence stay. */
  stop: () => void;
}

/** Rule 17: whether this node has halted, before this start or since. */
export class Halting {
  private halted: Halt | null = null;
  private readonly record: HaltRecord;

  constructor(folder: string, private readonly logger: Logger, private readonly parts: HaltingParts) {
    this.record = new HaltRecord(folder);
  }

  get reason(): string | undefined {
    return this.halted?.reason;
  }

  /** Whether the node had halted before this start: then it takes no part. */
  restore(): boolean {
    const halted = this.record.read();
    if (halted !== null) this.stay(halted);
    return halted !== null;
  }

  halt(reason: string, proof: HaltProof): void {
    if (this.halted !== null) return;
    this.stay({ reason, certificates: proof.certificates });
    this.tell((frame) => this.parts.broadcast(frame));
    try {
      this.record.write(reason, proof, Date.now());
    } catch (error) {
      this.logger.error('why this node has halted could not be written: it will take part again after a restart', { reason: error instanceof Error ? error.message : String(error) });
    }
  }

  /** Both certificates, where two conflict, so that whoever decided either of their blocks learns of the other. */
  tell(send: (frame: Buffer) => void): void {
    if (this.halted === null || this.halted.certificates.length < 2) return;
    for (const certificate of this.halted.certificates) send(messageFrame({ type: 'certificate', certificate }));
  }

  private stay(halt: Halt): void {
    this.halted = halt;
    this.logger.error('this node has halted', { reason: halt.reason });
    this.parts.stop();
  }
}
