import { Column, Entity, PrimaryColumn } from 'typeorm';

export type OperationKind = 'createChain' | 'deleteChain' | 'removeMemberNodes';
export type OperationStatus = 'pending' | 'running' | 'succeeded' | 'failed' | 'cancelled';

/** Times are RFC 3339 in UTC. */
export interface OperationStep {
  name: string;
  status: 'pending' | 'running' | 'succeeded' | 'failed' | 'skipped';
  startedAt: string | null;
  endedAt: string | null;
  detail: string | null;
}

/** A reason that a person can act on. */
export interface OperationError {
  code: string;
  message: string;
}

/** A long-running request. The gateway inserts it; from then on only the provisioner writes it. */
@Entity({ name: 'operations' })
export class OperationEntity {
  @PrimaryColumn({ type: 'text' }) id!: string;
  @Column({ name: 'tenant_id', type: 'text' }) tenantId!: string;
  @Column({ name: 'chain_id', type: 'text', nullable: true }) chainId!: string | null;
  @Column({ type: 'text' }) kind!: OperationKind;
  @Column({ name: 'created_by', type: 'text' }) createdBy!: string;
  @Column({ name: 'created_at', type: 'timestamptz' }) createdAt!: Date;
  @Column({ type: 'text' }) status!: OperationStatus;
  @Column({ type: 'jsonb' }) steps!: OperationStep[];
  @Column({ type: 'jsonb', nullable: true }) error!: OperationError | null;
  @Column({ name: 'ended_at', type: 'timestamptz', nullable: true }) endedAt!: Date | null;
}

export type OperationRecord = Readonly<OperationEntity>;

/** One entry of an operation's stream; `seq` counts from 1 and is the SSE event id. `data` is the operation as it then was. */
export interface OperationEvent {
  operationId: string;
  seq: number;
  at: Date;
  data: OperationEventData;
}

export interface OperationEventData {
  status: OperationStatus;
  steps: OperationStep[];
  error: OperationError | null;
  endedAt: string | null;
}
