import { Column, Entity, PrimaryColumn } from 'typeorm';

export type PlatformRole = 'admin' | 'operator';

/** A person. Gateway writes all columns but `platformRole`, which only the owner of the database may set. */
@Entity({ name: 'users' })
export class UserEntity {
  @PrimaryColumn({ type: 'text' }) id!: string;
  /** Lowercase; unique. */
  @Column({ type: 'text' }) email!: string;
  @Column({ type: 'text' }) name!: string;
  @Column({ name: 'platform_role', type: 'text', nullable: true }) platformRole!: PlatformRole | null;
  @Column({ name: 'created_at', type: 'timestamptz' }) createdAt!: Date;
}

export type UserRecord = Readonly<UserEntity>;
