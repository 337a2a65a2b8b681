import { Column, Entity, PrimaryColumn } from 'typeorm';

export type DataCenterRuntime = 'docker' | 'process' | 'swarm';

/** How the provisioner reaches the engine; holds a private key, so the gateway may write it but never read it. */
export type DataCenterConnection =
  | { socketPath: string }
  | { host: string; port: number; ca: string; cert: string; key: string }
  | Record<string, never>;

/** A site where nodes run. `connection` is no field: only the provisioner reads it (DataCenterObservations). */
@Entity({ name: 'data_centers' })
export class DataCenterEntity {
  @PrimaryColumn({ type: 'text' }) id!: string;

  // Wanted: written by the gateway, for platform admins only.
  @Column({ type: 'text' }) name!: string;
  @Column({ type: 'text' }) runtime!: DataCenterRuntime;
  /** The engine's address for people, without any secret: `unix:/run/docker.sock`, `tcp://host:2376`, `local`. */
  @Column({ type: 'text' }) endpoint!: string;
  @Column({ name: 'advertise_address', type: 'text' }) advertiseAddress!: string;
  @Column({ name: 'port_from', type: 'int' }) portFrom!: number;
  @Column({ name: 'port_to', type: 'int' }) portTo!: number;
  /** IPv4 CIDR from which each chain gets a /26 here. */
  @Column({ name: 'subnet_pool', type: 'text' }) subnetPool!: string;
  @Column({ type: 'boolean' }) cordoned!: boolean;
  @Column({ name: 'created_at', type: 'timestamptz' }) createdAt!: Date;

  // Seen: written by the provisioner only.
  @Column({ type: 'text' }) status!: 'pending' | 'ready' | 'unreachable' | 'refused';
  @Column({ type: 'text', nullable: true }) reason!: string | null;
  @Column({ type: 'jsonb', nullable: true }) capacity!: Record<string, unknown> | null;
  @Column({ name: 'observed_at', type: 'timestamptz', nullable: true }) observedAt!: Date | null;
}

export type DataCenterRecord = Readonly<DataCenterEntity>;
