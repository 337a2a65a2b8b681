import { blockHash, equalBytes, verifyCertificate, type Bytes, type FaultModel } from '../src/index.js';
import { SIM_GENESIS_HASH, type Decided } from './chain.js';
import type { Checker } from './checker.js';
import { SimFailure } from './invariant.js';
import { verifyCheaply } from './keys.js';

/** A light client that is shown every block that anybody offers, and must accept those of the chain only. */
export class LightWatch {
  private readonly seen = new WeakSet<Decided>();
  private readonly accepted = new Map<bigint, Bytes>();

  constructor(
    private readonly faultModel: FaultModel,
    private readonly checker: Checker,
  ) {}

  offered(decided: Decided): void {
    if (this.seen.has(decided)) return;
    this.seen.add(decided);
    const { block: { header }, certificate } = decided;
    const set = this.checker.setAt(header.height);
    if (set === undefined || !this.accepts(decided, set)) return;
    const hash = blockHash(header);
    const known = this.checker.chain.at(header.height);
    // A faulty node may be the first to decide: then the honest must decide the same.
    const first = known !== undefined ? blockHash(known.block.header) : (this.accepted.get(header.height) ?? hash);
    this.accepted.set(header.height, hash);
    if (!equalBytes(first, hash)) throw new SimFailure('lightClient', `a foreign header of ${header.height} is accepted, with a certificate of ${certificate.signatures.length} signatures`);
  }

  /** An honest node has decided this. */
  decided(height: bigint, hash: Bytes): void {
    const accepted = this.accepted.get(height);
    if (accepted !== undefined && !equalBytes(accepted, hash)) throw new SimFailure('lightClient', `a header of ${height} was accepted, and another was decided`);
  }

  private accepts({ block: { header }, certificate }: Decided, set: NonNullable<ReturnType<Checker['setAt']>>): boolean {
    return certificate.kind === 'precommit' && certificate.height === header.height && certificate.blockHash !== null && equalBytes(certificate.blockHash, blockHash(header))
      && equalBytes(header.validatorsHash, set.hash) && verifyCertificate(certificate, set, this.faultModel, SIM_GENESIS_HASH, verifyCheaply).ok;
  }
}
