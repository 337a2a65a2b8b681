/** Data centers: sites where nodes run, each reached through one runtime endpoint. Platform admins only. */
import { z } from 'zod';
import { NameSchema, TimestampSchema } from './common.js';
import { idSchema } from './ids.js';

export const RuntimeKindSchema = z.enum(['docker', 'process', 'swarm']);
export type RuntimeKind = z.infer<typeof RuntimeKindSchema>;

/** How the provisioner reaches the engine: a local socket, TCP with mutual TLS (PEM), or nothing for child processes. */
export const ConnectionSchema = z.union([
  z.strictObject({ socketPath: z.string().startsWith('/').max(200) }),
  z.strictObject({
    host: z.string().min(1).max(253),
    port: z.int().min(1).max(65_535),
    ca: z.string().max(20_000),
    cert: z.string().max(20_000),
    key: z.string().max(20_000),
  }),
  z.strictObject({}),
]);
export type Connection = z.infer<typeof ConnectionSchema>;

/** Where nodes' published ports are reached: an IP address or a host name, without a port. */
export const AdvertiseAddressSchema = z.string().min(1).max(253).regex(/^[0-9A-Za-z.:-]+$/, 'must be an address or a host name');

const port = z.int().min(1024).max(65_535);

/** POST /v1/data-centers. Ports for nodes are taken from portFrom to portTo, each chain's subnet (/26) from subnetPool. */
export const CreateDataCenterRequestSchema = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, 'must be 1 to 40 of a-z, 0-9 and inner hyphens'),
    runtime: RuntimeKindSchema,
    connection: ConnectionSchema.default({}),
    advertiseAddress: AdvertiseAddressSchema.default('127.0.0.1'),
    portFrom: port.default(21_000),
    portTo: port.default(24_999),
    subnetPool: z.cidrv4().default('10.213.0.0/16'),
  })
  .refine((body) => body.portFrom <= body.portTo, { path: ['portTo'], message: 'must not be below portFrom' })
  .refine((body) => body.runtime === 'process' || Object.keys(body.connection).length > 0, {
    path: ['connection'],
    message: 'must say how the engine is reached: {socketPath} or {host, port, ca, cert, key}',
  })
  .meta({ id: 'CreateDataCenterRequest' });
export type CreateDataCenterRequest = z.infer<typeof CreateDataCenterRequestSchema>;

/** PATCH /v1/data-centers/{id}: a cordoned data center takes no new nodes. */
export const UpdateDataCenterRequestSchema = z.strictObject({ cordoned: z.boolean() }).meta({ id: 'UpdateDataCenterRequest' });
export type UpdateDataCenterRequest = z.infer<typeof UpdateDataCenterRequestSchema>;

/** What the provisioner last saw of the engine, as its runtime driver tells it. */
export const CapacitySchema = z.record(z.string(), z.unknown()).meta({ id: 'Capacity' });
export type Capacity = z.infer<typeof CapacitySchema>;

/** A site where nodes run. What is null may also be hidden: how an engine is reached is shown to the platform's people only. */
export const DataCenterSchema = z
  .object({
    id: idSchema('dataCenter'),
    name: NameSchema,
    runtime: RuntimeKindSchema,
    /** The engine's address for people, without any secret: `unix:/run/docker.sock`, `tcp://host:2376`, `local`. */
    endpoint: z.string().nullable(),
    advertiseAddress: z.string().nullable(),
    portFrom: z.int().nullable(),
    portTo: z.int().nullable(),
    subnetPool: z.string().nullable(),
    cordoned: z.boolean(),
    status: z.enum(['pending', 'ready', 'unreachable', 'refused']),
    /** Why it is unreachable or refused. */
    reason: z.string().nullable(),
    capacity: CapacitySchema.nullable(),
    observedAt: TimestampSchema.nullable(),
  })
  .meta({ id: 'DataCenter' });
export type DataCenterView = z.infer<typeof DataCenterSchema>;
