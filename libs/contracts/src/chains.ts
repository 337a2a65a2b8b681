/** Chains, their members, nodes and genesis. */
import { z } from 'zod';
import { AddressSchema, DecimalSchema, HashSchema, HexDataSchema, NameSchema, TimestampSchema } from './common.js';
import { idSchema } from './ids.js';
import { OperationSchema } from './operations.js';

export const FaultModelSchema = z.enum(['BFT', 'CFT']);
export type FaultModel = z.infer<typeof FaultModelSchema>;

/** Whose accounts may transact: anybody's, or those that the members have bound in the contract Permissions. Members may change it by vote. */
export const ChainAccessSchema = z.enum(['open', 'members']);
export type ChainAccess = z.infer<typeof ChainAccessSchema>;

export const CHAIN_STATUSES = ['pending', 'provisioning', 'awaitingFounders', 'starting', 'running', 'deleting', 'deleted', 'failed'] as const;
export const ChainStatusSchema = z.enum(CHAIN_STATUSES);
export type ChainStatus = z.infer<typeof ChainStatusSchema>;

const millis = (min: number, max: number) => z.int().min(min).max(max);

/** What a founder may set about the pace and size of a chain; what is left out takes the ledger's default. */
export const ChainParamsSchema = z
  .strictObject({
    minBlockIntervalMs: millis(0, 60_000),
    heartbeatIntervalMs: millis(100, 86_400_000),
    trailingBlocks: z.int().min(0).max(100),
    trailingIntervalMs: millis(1, 60_000),
    proposeTimeoutMs: millis(50, 60_000),
    prevoteTimeoutMs: millis(10, 60_000),
    precommitTimeoutMs: millis(10, 60_000),
    timeoutDeltaMs: millis(0, 60_000),
    // Below this the members could no longer make the proposals that would change it (docs/spec/system-contracts.md).
    maxBlockBytes: z.int().min(65_536).max(32 * 1024 * 1024),
    blockGasLimit: DecimalSchema,
    txGasLimit: DecimalSchema,
  })
  .partial()
  .meta({ id: 'ChainParams' });
export type ChainParams = z.infer<typeof ChainParamsSchema>;

/** A founder of the chain. Exactly one is `self`, the caller's tenant (the default); others are named by tenant id. */
export const FounderSchema = z
  .strictObject({
    tenant: z.union([z.literal('self'), idSchema('tenant')]).default('self'),
    name: NameSchema,
    governanceAccount: AddressSchema,
    operationsAccount: AddressSchema,
  })
  .meta({ id: 'Founder' });
export type Founder = z.infer<typeof FounderSchema>;

export const NodeKindSchema = z.enum(['validator', 'observer']);
export type NodeKind = z.infer<typeof NodeKindSchema>;

/** So many nodes of one kind in one data center (by id or by name), owned by the caller’s tenant. */
export const NodePlacementSchema = z
  .strictObject({ dataCenter: z.string().min(1).max(80), count: z.int().min(1).max(50), kind: NodeKindSchema.default('validator') })
  .meta({ id: 'NodePlacement' });
export type NodePlacement = z.infer<typeof NodePlacementSchema>;

/** An account that exists from genesis: a balance in wei, code, or both. */
export const AllocSchema = z
  .strictObject({ address: AddressSchema, balance: DecimalSchema.default('0'), code: HexDataSchema.max(100_002).default('0x') })
  .meta({ id: 'Alloc' });

/** POST /v1/chains. */
export const CreateChainRequestSchema = z
  .strictObject({
    name: NameSchema,
    faultModel: FaultModelSchema.default('BFT'),
    access: ChainAccessSchema.default('open'),
    params: ChainParamsSchema.default({}),
    members: z.array(FounderSchema).min(1).max(50),
    nodes: z.array(NodePlacementSchema).min(1).max(50),
    alloc: z.array(AllocSchema).max(200).default([]),
  })
  .meta({ id: 'CreateChainRequest' });
export type CreateChainRequest = z.infer<typeof CreateChainRequestSchema>;
/** What a client writes: defaults may be left out. */
export type CreateChainInput = z.input<typeof CreateChainRequestSchema>;

export const ChainMemberSchema = z
  .object({
    tenantId: idSchema('tenant'),
    role: z.enum(['founder', 'member']),
    name: z.string(),
    governanceAccount: AddressSchema,
    operationsAccount: AddressSchema,
    /** Whether the governance account has signed genesisHash. */
    signed: z.boolean(),
  })
  .meta({ id: 'ChainMember' });
export type ChainMemberView = z.infer<typeof ChainMemberSchema>;

export const ChainSchema = z
  .object({
    id: idSchema('chain'),
    name: z.string(),
    /** What wallets see; never the same as `id` or `genesisHash`. */
    evmChainId: z.int(),
    faultModel: FaultModelSchema,
    /** As genesis has it; what the members have voted since stands in the contract Permissions. */
    access: ChainAccessSchema,
    params: ChainParamsSchema,
    status: ChainStatusSchema,
    /** Why it is failed, or what it waits for; null when there is nothing to say. */
    reason: z.string().nullable(),
    genesisHash: HashSchema.nullable(),
    members: z.array(ChainMemberSchema),
    /** The JSON-RPC path on this gateway, for HTTP and WebSocket. */
    rpcPath: z.string(),
    createdAt: TimestampSchema,
    runningAt: TimestampSchema.nullable(),
  })
  .meta({ id: 'Chain' });
export type ChainView = z.infer<typeof ChainSchema>;

/** 202 of POST and DELETE on chains; `Location` names the operation. */
export const ChainOperationSchema = z
  .object({
    chain: ChainSchema,
    operation: OperationSchema,
    /** What the caller may not have meant, in words; absent where there is nothing to say. */
    hints: z.array(z.string()).optional(),
  })
  .meta({ id: 'ChainOperation' });
export type ChainOperationView = z.infer<typeof ChainOperationSchema>;

export const NodeSchema = z
  .object({
    id: idSchema('node'),
    chainId: idSchema('chain'),
    tenantId: idSchema('tenant'),
    dataCenterId: idSchema('dataCenter'),
    kind: NodeKindSchema,
    power: z.int(),
    wanted: z.enum(['running', 'removed']),
    status: z.enum(['pending', 'created', 'running', 'exited', 'missing', 'removed', 'failed']),
    /** Why it failed, where it did. */
    reason: z.string().nullable(),
    /** The node's Ed25519 key, known once it has enrolled. */
    publicKey: HashSchema.nullable(),
    height: z.int().nullable(),
    observedAt: TimestampSchema.nullable(),
  })
  .meta({ id: 'Node' });
export type NodeView = z.infer<typeof NodeSchema>;

/**
 * GET /v1/chains/{id}/genesis: the `stele-genesis` file that the verifier takes. Its canonical bytes are checked by
 * the ledger's own code, so the wire schema names only the envelope.
 */
export const GenesisFileSchema = z
  .looseObject({
    format: z.literal('stele-genesis'),
    version: z.literal(1),
    genesisHash: HashSchema,
    canonical: HexDataSchema,
    founders: z.array(z.object({ account: AddressSchema, signature: HexDataSchema })),
  })
  .meta({ id: 'GenesisFile' });

/** POST /v1/chains/{id}/genesis/signatures: EIP-191 personal_sign by a founder's governance account over the genesis. */
export const SignGenesisRequestSchema = z
  .strictObject({ account: AddressSchema, signature: z.string().regex(/^0x[0-9a-fA-F]{130}$/, 'must be 0x and 65 bytes in hex') })
  .meta({ id: 'SignGenesisRequest' });
export type SignGenesisRequest = z.infer<typeof SignGenesisRequestSchema>;
