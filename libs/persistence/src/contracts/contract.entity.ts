import { Column, Entity, PrimaryColumn } from 'typeorm';
import { safeInteger } from '../database/columns.js';

export type ContractStatus = 'prepared' | 'sent' | 'deployed' | 'failed';
export type Verification = 'exact' | 'partial';

/** What a contract was compiled from, and what its code on the chain is compared with. */
export interface ContractSource {
  /** The compiler's full version. */
  compiler: string;
  /** `path:Name`. */
  contract: string;
  sources: Record<string, { content: string }>;
  settings: Record<string, unknown>;
  /** 0x hex, zeros in the holes. */
  runtimeCode: string;
  /** Places that deployment fills in, in bytes. */
  holes: { start: number; length: number }[];
}

/** One contract on a chain, or about to be. */
@Entity({ name: 'contracts' })
export class ContractEntity {
  @PrimaryColumn({ type: 'text' }) id!: string;
  @Column({ name: 'chain_id', type: 'text' }) chainId!: string;
  @Column({ name: 'tenant_id', type: 'text' }) tenantId!: string;
  @Column({ name: 'created_by', type: 'text' }) createdBy!: string;
  @Column({ type: 'text' }) name!: string;
  @Column({ type: 'text' }) status!: ContractStatus;
  @Column({ type: 'text', nullable: true }) reason!: string | null;
  @Column({ type: 'jsonb', select: false }) abi!: Record<string, unknown>[];
  /** Bytecode and constructor arguments; null where code that stood on the chain was verified. */
  @Column({ name: 'creation_code', type: 'text', nullable: true, select: false }) creationCode!: string | null;
  @Column({ type: 'jsonb', nullable: true, select: false }) source!: ContractSource | null;
  @Column({ type: 'text', nullable: true }) address!: string | null;
  @Column({ name: 'transaction_hash', type: 'text', nullable: true }) transactionHash!: string | null;
  @Column({ name: 'block_number', type: 'bigint', nullable: true, transformer: safeInteger }) blockNumber!: number | null;
  @Column({ type: 'text', nullable: true }) verification!: Verification | null;
  @Column({ name: 'created_at', type: 'timestamptz' }) createdAt!: Date;
}

export type ContractRecord = Readonly<ContractEntity>;
/** Without what is large. */
export type ContractListRecord = Omit<ContractRecord, 'abi' | 'creationCode' | 'source'>;
