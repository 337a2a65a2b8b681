import { Column, Entity, PrimaryColumn } from 'typeorm';
import { safeInteger } from '../database/columns.js';

export type NodeKind = 'validator' | 'observer';
export type NodeStatus = 'pending' | 'created' | 'running' | 'exited' | 'missing' | 'removed' | 'failed';

/** Host ports in the data center, published at its advertised address. */
export interface NodePorts {
  peer: number;
  control: number;
  rpc: number;
}

/** Where the node answers: the pair that gateway and provisioner try, and the ordered `host:port` list for peers. */
export interface NodeEndpoints {
  control?: string[];
  rpc?: string[];
  peer?: string[];
}

/** One ledger process of one member. */
@Entity({ name: 'chain_nodes' })
export class ChainNodeEntity {
  @PrimaryColumn({ type: 'text' }) id!: string;

  // Wanted: written by the gateway only.
  @Column({ name: 'chain_id', type: 'text' }) chainId!: string;
  @Column({ name: 'tenant_id', type: 'text' }) tenantId!: string;
  @Column({ name: 'data_center_id', type: 'text' }) dataCenterId!: string;
  @Column({ type: 'text' }) kind!: NodeKind;
  @Column({ type: 'int' }) power!: number;
  @Column({ type: 'text' }) wanted!: 'running' | 'removed';
  @Column({ type: 'int' }) generation!: number;
  @Column({ name: 'created_at', type: 'timestamptz' }) createdAt!: Date;

  // Seen: written by the provisioner only. `enrol_secret_enc` is no field: only NodeObservations reads it.
  @Column({ name: 'observed_generation', type: 'int' }) observedGeneration!: number;
  /** The node's Ed25519 key, 0x and 64 hex digits, once it has enrolled. */
  @Column({ name: 'public_key', type: 'text', nullable: true }) publicKey!: string | null;
  @Column({ type: 'jsonb', nullable: true }) ports!: NodePorts | null;
  @Column({ type: 'text' }) status!: NodeStatus;
  @Column({ type: 'text', nullable: true }) reason!: string | null;
  @Column({ name: 'spec_hash', type: 'text', nullable: true }) specHash!: string | null;
  @Column({ type: 'jsonb', nullable: true }) endpoints!: NodeEndpoints | null;
  @Column({ type: 'bigint', nullable: true, transformer: safeInteger }) height!: number | null;
  @Column({ type: 'text', nullable: true }) volume!: string | null;
  @Column({ name: 'observed_at', type: 'timestamptz', nullable: true }) observedAt!: Date | null;
}

export type NodeRecord = Readonly<ChainNodeEntity>;
