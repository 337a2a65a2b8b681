import { decodeBlock, decodeCertificate, encodeBlock, encodeCertificate, encodeLogRecord, equalBytes, readLog, type Block, type Bytes, type Certificate, type HaltProof, type LogRecord } from '../src/index.js';
import type { SimChain } from './chain.js';
import { LogFile } from './log-file.js';
import type { Misfortune } from './plan.js';
import type { Prng } from './prng.js';

/** What survives a crash of one node: its chain, and of its log all that was made durable and some of what was written. */
export class SimDisk {
  private log = new LogFile();
  /** The decided blocks as bytes, where this disk is to break; block and certificate are one record each. */
  private readonly store: LogFile | null;
  private signBytes: { bytes: Bytes; durable: boolean }[] = [];
  /** Nothing may be signed up to this height: it was written down when damage was found. */
  noSigningUpTo = 0n;
  /** Writes fail until then. */
  fullUntilMs = 0;
  /** Why this node takes no part any more; a restart changes nothing. */
  halt: HaltProof | null = null;
  private backup: { height: bigint; log: LogFile } | null = null;

  /** @param stored whether blocks are kept as bytes as well. */
  constructor(public chain: SimChain, stored: boolean) {
    this.store = stored ? new LogFile() : null;
  }

  /** Written, not yet durable. @returns to call once it is. */
  append(record: LogRecord): () => void {
    const durable = this.log.append(encodeLogRecord(record));
    const entry = { bytes: record.signBytes, durable: false };
    this.signBytes.push(entry);
    return () => {
      durable();
      entry.durable = true;
    };
  }

  /** A disk that is full takes a part. */
  appendPart(record: LogRecord, random: Prng): void {
    this.log.appendPart(encodeLogRecord(record), random);
  }

  /** Whether a record that covers these sign bytes was made durable. */
  holds(signBytes: Bytes): boolean {
    return this.signBytes.some(({ bytes, durable }) => durable && equalBytes(bytes, signBytes));
  }

  commit(block: Block, certificate: Certificate): void {
    this.chain.append(block, certificate);
    this.store?.append(encodeBlock(block))();
    this.store?.append(encodeCertificate(certificate))();
  }

  crash(random: Prng): void {
    this.log.crash(random);
    this.signBytes = [];
  }

  /** A log that is long begins anew at a height's end. */
  prune(): void {
    this.log.reset();
    this.signBytes = [];
  }

  /** What a new process finds: the records of the height above the head, and from which height on it may sign. */
  open(): readonly LogRecord[] {
    this.openStore();
    const head = this.chain.height;
    const { records, damagedHeight } = readLog(this.log.bytes, head);
    this.log.open();
    this.forbid(damagedHeight);
    this.signBytes = records.map(({ signBytes }) => ({ bytes: signBytes, durable: true }));
    return records;
  }

  private forbid(height: bigint): void {
    if (height > this.noSigningUpTo) this.noSigningUpTo = height;
  }

  /** Blocks that no longer read are fetched again; up to the height above the highest one something may have been signed. */
  private openStore(): void {
    if (this.store === null) return;
    const before = this.chain.height;
    const found = this.store.open();
    const whole = BigInt(Math.floor(found.records.length / 2));
    if (!found.damaged && whole === before) return;
    this.forbid(before + 1n);
    const fresh = this.chain.copyTo(0n);
    for (let i = 0; i + 1 < found.records.length; i += 2) fresh.append(decodeBlock(found.records[i] as Bytes), decodeCertificate(found.records[i + 1] as Bytes));
    if (found.records.length % 2 === 1) this.store.lose(found.records.length - 1);
    this.chain = fresh;
  }

  /** Something happens to the disk of a process that has ended. @returns whether there was anything for it to happen to. */
  strike(misfortune: Misfortune, random: Prng): boolean {
    this.log.open();
    const { length } = this.log;
    switch (misfortune) {
      case 'flippedLog':
        if (length < 2) return false;
        this.log.flip(random.below(length - 1), random);
        return true;
      case 'lostRecord':
        if (length < 3) return false;
        this.log.lose(1 + random.below(length - 2));
        return true;
      case 'flippedTail':
        if (length < 1) return false;
        this.log.flip(length - 1, random);
        return true;
      case 'brokenStore': {
        const blocks = Number(this.chain.height);
        if (blocks < 2 || this.store === null) return false;
        this.store.flip(random.below(2 * blocks - 1), random);
        return true;
      }
      case 'staleDisk': case 'newKey':
        return this.restore(misfortune === 'newKey');
    }
  }

  /** First makes the copy; later puts it back. With a new key there is nothing of the old log. */
  private restore(newKey: boolean): boolean {
    if (this.backup === null) {
      this.backup = { height: this.chain.height, log: this.log.copy() };
      return false;
    }
    this.chain = this.chain.copyTo(this.backup.height);
    this.log = newKey ? new LogFile() : this.backup.log;
    return true;
  }
}
