import { equalBytes, verifyCertificate, type Certificate, type HaltProof, type Message } from '../src/index.js';
import { SIM_GENESIS_HASH } from './chain.js';
import { verifyCheaply } from './keys.js';
import type { NodePort } from './node-port.js';
import type { World } from './world.js';

/** Rule 17, as the node's shell does it: it looks at what peers say of heights that are decided here, keeps the proof, and tells it to others. */
export class Halting {
  constructor(
    private readonly node: NodePort,
    private readonly world: World,
  ) {}

  private get isLiar(): boolean {
    return this.world.plan.liars.has(this.node.index);
  }

  /** A peer's message, of whatever height: a certificate, or a proposal with the commit of the block below. */
  heard(message: Message): void {
    if (message.type === 'certificate') this.look(message.certificate);
    else if (message.type === 'proposal' && message.proposal.block.lastCommit !== null) this.lookBelow(message.proposal.block.lastCommit);
  }

  /** The commit in a proposal: of a height that is decided here, or of the one that is being decided, where the machine may know another. */
  private lookBelow(certificate: Certificate): void {
    const { state } = this.node;
    this.look(certificate);
    const known = state.commit?.blockHash ?? null;
    if (certificate.height === state.context.height && known !== null && certificate.blockHash !== null && !equalBytes(known, certificate.blockHash)) this.node.feed({ type: 'certificate', certificate });
  }

  look(certificate: Certificate): void {
    const { disk, state } = this.node;
    const own = disk.chain.at(certificate.height);
    if (own === undefined || disk.halt !== null || this.isLiar || certificate.kind !== 'precommit' || certificate.blockHash === null || own.certificate.blockHash === null) return;
    if (equalBytes(own.certificate.blockHash, certificate.blockHash)) return;
    const { validatorsHash } = own.block.header;
    const set = [state.context.validators, state.context.prevValidators].find((one) => one !== null && equalBytes(one.hash, validatorsHash));
    if (set == null || !verifyCertificate(certificate, set, this.world.plan.faultModel, SIM_GENESIS_HASH, verifyCheaply).ok) return;
    this.halt(`another certificate of height ${certificate.height} than the one that was decided`, { certificates: [own.certificate, certificate], block: null });
  }

  /** Nothing more is fed to the machine, in this process or a later one. */
  halt(reason: string, proof: HaltProof): void {
    const { node, world } = this;
    if (node.disk.halt !== null) return;
    node.log(() => `halt: ${reason}`);
    if (this.isLiar && world.plan.camps !== null) return;
    world.checker.halted(node, reason, proof);
    node.disk.halt = proof;
    for (const to of node.peers()) this.tell(to);
  }

  /** Two certificates are proof for everybody. */
  tell(to: number): void {
    const proof = this.node.disk.halt;
    if (proof === null || proof.certificates.length < 2) return;
    for (const certificate of proof.certificates) this.node.send(to, { type: 'consensus', message: { type: 'certificate', certificate } });
  }
}
