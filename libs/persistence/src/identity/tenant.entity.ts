import { Column, Entity, PrimaryColumn } from 'typeorm';

export type TenantRole = 'owner' | 'admin' | 'developer' | 'auditor';

/** An organization with an account here. */
@Entity({ name: 'tenants' })
export class TenantEntity {
  @PrimaryColumn({ type: 'text' }) id!: string;
  @Column({ type: 'text' }) name!: string;
  /** Unique, lowercase letters, digits and inner hyphens. */
  @Column({ type: 'text' }) slug!: string;
  @Column({ name: 'created_at', type: 'timestamptz' }) createdAt!: Date;
}

/** A person's place in a tenant. */
@Entity({ name: 'tenant_user' })
export class TenantUserEntity {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' }) tenantId!: string;
  @PrimaryColumn({ name: 'user_id', type: 'text' }) userId!: string;
  @Column({ type: 'text' }) role!: TenantRole;
}

export type TenantRecord = Readonly<TenantEntity>;

/** One row of what a person may act for. */
export interface MembershipRecord {
  tenant: TenantRecord;
  role: TenantRole;
}
