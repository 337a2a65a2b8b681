import { Column, Entity, PrimaryColumn } from 'typeorm';
import { safeInteger } from '../database/columns.js';

export type ChainStatus =
  | 'pending' | 'provisioning' | 'awaitingFounders' | 'starting' | 'running' | 'deleting' | 'deleted' | 'failed';
export type FaultModel = 'BFT' | 'CFT';
/** Whose accounts may transact from genesis on. */
export type ChainAccess = 'open' | 'members';

/** A genesis account: balance as a decimal string of wei, code as 0x hex. */
export interface Alloc {
  address: string;
  balance: string;
  code: string;
}

/** One permissioned ledger. It belongs to no tenant: who sees it follows `chain_member`. */
@Entity({ name: 'chains' })
export class ChainEntity {
  @PrimaryColumn({ type: 'text' }) id!: string;

  // Wanted: written by the gateway only.
  @Column({ type: 'text' }) name!: string;
  /** What wallets see: random between 2^32 and 2^48, unique here. */
  @Column({ name: 'evm_chain_id', type: 'bigint', transformer: safeInteger }) evmChainId!: number;
  @Column({ name: 'fault_model', type: 'text' }) faultModel!: FaultModel;
  @Column({ type: 'text' }) access!: ChainAccess;
  /** What the founder chose of the ledger's parameters; what is missing takes the ledger's default. */
  @Column({ type: 'jsonb' }) params!: Record<string, unknown>;
  @Column({ type: 'jsonb' }) alloc!: Alloc[];
  /** Rises with every change of what is wanted of the chain or of its nodes. */
  @Column({ type: 'int' }) generation!: number;
  @Column({ name: 'deleted_wanted', type: 'boolean' }) deletedWanted!: boolean;
  /** The user that asked for it, and the tenant it acted for: a fact about the request, not ownership. */
  @Column({ name: 'created_by', type: 'text' }) createdBy!: string;
  @Column({ name: 'created_tenant', type: 'text' }) createdTenant!: string;
  @Column({ name: 'created_at', type: 'timestamptz' }) createdAt!: Date;

  // Seen: written by the provisioner only.
  @Column({ type: 'text' }) status!: ChainStatus;
  /** Why it failed, or what it waits for. */
  @Column({ type: 'text', nullable: true }) reason!: string | null;
  @Column({ name: 'observed_generation', type: 'int' }) observedGeneration!: number;
  /** 0x and 64 hex digits. */
  @Column({ name: 'genesis_hash', type: 'text', nullable: true }) genesisHash!: string | null;
  /** The `stele-genesis` file without founders' signatures; those stand in `chain_member`. */
  @Column({ name: 'genesis_file', type: 'jsonb', nullable: true }) genesisFile!: Record<string, unknown> | null;
  @Column({ name: 'running_at', type: 'timestamptz', nullable: true }) runningAt!: Date | null;
  @Column({ name: 'observed_at', type: 'timestamptz', nullable: true }) observedAt!: Date | null;
}

/** A tenant's place in one chain, with its own on-chain accounts. `position` is the index in the genesis. */
@Entity({ name: 'chain_member' })
export class ChainMemberEntity {
  @PrimaryColumn({ name: 'chain_id', type: 'text' }) chainId!: string;
  @PrimaryColumn({ name: 'tenant_id', type: 'text' }) tenantId!: string;
  @Column({ type: 'int' }) position!: number;
  @Column({ type: 'text' }) role!: 'founder' | 'member';
  @Column({ type: 'text' }) name!: string;
  /** Lowercase 0x addresses. */
  @Column({ name: 'governance_account', type: 'text' }) governanceAccount!: string;
  @Column({ name: 'operations_account', type: 'text' }) operationsAccount!: string;
  /** EIP-191 signature over genesisHash, 0x and 65 bytes in hex. */
  @Column({ name: 'founder_signature', type: 'text', nullable: true }) founderSignature!: string | null;
  /** The member asked for the end of its own nodes, or of the chain where it is the sole member. */
  @Column({ name: 'wants_removal', type: 'boolean' }) wantsRemoval!: boolean;
}

export type ChainRecord = Readonly<ChainEntity>;
export type ChainMemberRecord = Readonly<ChainMemberEntity>;
