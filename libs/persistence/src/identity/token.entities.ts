import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One refresh token of a family (one login). The token itself is never stored, only its SHA-256 in hex. */
@Entity({ name: 'refresh_tokens' })
export class RefreshTokenEntity {
  @PrimaryColumn({ type: 'text' }) id!: string;
  @Column({ name: 'user_id', type: 'text' }) userId!: string;
  @Column({ type: 'text' }) family!: string;
  @Column({ type: 'text' }) hash!: string;
  @Column({ name: 'expires_at', type: 'timestamptz' }) expiresAt!: Date;
  @Column({ name: 'used_at', type: 'timestamptz', nullable: true }) usedAt!: Date | null;
  @Column({ name: 'revoked_at', type: 'timestamptz', nullable: true }) revokedAt!: Date | null;
}

/** A program's key. The key itself is never stored, only its SHA-256 in hex. */
@Entity({ name: 'api_keys' })
export class ApiKeyEntity {
  @PrimaryColumn({ type: 'text' }) id!: string;
  @Column({ name: 'tenant_id', type: 'text' }) tenantId!: string;
  @Column({ name: 'user_id', type: 'text' }) userId!: string;
  @Column({ type: 'text' }) name!: string;
  /** The first characters of the key, unique: what it is looked up and recognised by. */
  @Column({ type: 'text' }) prefix!: string;
  @Column({ type: 'text' }) hash!: string;
  @Column({ type: 'text', array: true }) scopes!: string[];
  @Column({ name: 'expires_at', type: 'timestamptz' }) expiresAt!: Date;
  @Column({ name: 'created_at', type: 'timestamptz' }) createdAt!: Date;
  @Column({ name: 'revoked_at', type: 'timestamptz', nullable: true }) revokedAt!: Date | null;
  @Column({ name: 'last_used_at', type: 'timestamptz', nullable: true }) lastUsedAt!: Date | null;
}

export type RefreshTokenRecord = Readonly<RefreshTokenEntity>;
export type ApiKeyRecord = Readonly<ApiKeyEntity>;
