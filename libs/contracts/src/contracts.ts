/** Contracts on a chain: compiled, deployed by a transaction that the caller signs, verified against sources. */
import { z } from 'zod';
import { AddressSchema, HashSchema, HexDataSchema, NameSchema, PageQuerySchema, TimestampSchema } from './common.js';
import { idSchema } from './ids.js';

const MAX_SOURCES = 200;

/** A path as Solidity imports it: relative to the root of the sources, with no way out of it. */
const SourcePathSchema = z
  .string()
  .min(1)
  .max(300)
  .regex(/^[^\p{Cc}\\]+$/u, 'must hold no control characters and no backslash');

const SourceTextSchema = z.strictObject({ content: z.string(), keccak256: z.string().optional() });
/** By path, as the compiler takes them. */
const SourcesSchema = z.record(SourcePathSchema, SourceTextSchema);
/** By path: the text alone, or as in standard JSON. */
const GivenSourcesSchema = z
  .record(SourcePathSchema, z.union([z.string(), SourceTextSchema]))
  .refine((sources) => Object.keys(sources).length >= 1 && Object.keys(sources).length <= MAX_SOURCES, `must hold 1 to ${MAX_SOURCES} sources`);

/**
 * Sources for solc: `sources` and `settings` are those of its standard JSON input, whose other fields are left out. Imports from
 * `@openzeppelin/contracts/` are there already.
 */
export const CompileRequestSchema = z
  .strictObject({
    language: z.literal('Solidity').optional(),
    sources: GivenSourcesSchema,
    settings: z.looseObject({}).optional(),
    /** `Name` or `path:Name`; may be left out where only one contract of the sources can be deployed. */
    contract: z.string().min(1).max(400).optional(),
    /** The version that must compile it, e.g. `0.8.37`; the platform's where it is left out. */
    compiler: z.string().regex(/^\d+\.\d+\.\d+/, 'must be a version such as 0.8.37').optional(),
  })
  .meta({ id: 'CompileRequest' });
export type CompileRequest = z.infer<typeof CompileRequestSchema>;

/** The text of each source. */
export function sourceTexts({ sources }: CompileRequest): Record<string, { content: string }> {
  return Object.fromEntries(Object.entries(sources).map(([path, source]) => [path, { content: typeof source === 'string' ? source : source.content }]));
}

export const AbiSchema = z.array(z.looseObject({ type: z.string() })).max(2_000);

/** POST /v1/chains/{id}/contracts: sources, or bytecode with its ABI. */
export const PrepareContractRequestSchema = z
  .strictObject({
    /** What people call it; the contract's own name where it is left out. */
    name: NameSchema.optional(),
    source: CompileRequestSchema.optional(),
    bytecode: HexDataSchema.optional(),
    abi: AbiSchema.optional(),
    /** In the order of the constructor; integers as decimal strings or numbers, bytes and addresses as 0x hex. */
    constructorArguments: z.array(z.json()).max(100).default([]),
    /** Who will sign: its nonce is filled in. */
    from: AddressSchema.optional(),
  })
  .refine(({ source, bytecode, abi }) => (source === undefined) === (bytecode !== undefined && abi !== undefined), 'must hold either source, or bytecode and abi')
  .refine(({ source, bytecode, abi }) => source === undefined || (bytecode === undefined && abi === undefined), 'must hold either source, or bytecode and abi, not both')
  .meta({ id: 'PrepareContractRequest' });
export type PrepareContractRequest = z.infer<typeof PrepareContractRequestSchema>;
export type PrepareContractInput = z.input<typeof PrepareContractRequestSchema>;

export const CONTRACT_STATUSES = ['prepared', 'sent', 'deployed', 'failed'] as const;
export const ContractStatusSchema = z.enum(CONTRACT_STATUSES);
export type ContractStatus = z.infer<typeof ContractStatusSchema>;

/** `exact`: byte for byte, metadata included; `partial`: all that executes is the same. */
export const VerificationSchema = z.enum(['exact', 'partial']);
export type Verification = z.infer<typeof VerificationSchema>;

const summary = {
  id: idSchema('contract'),
  chainId: idSchema('chain'),
  tenantId: idSchema('tenant'),
  name: z.string(),
  status: ContractStatusSchema,
  /** Why it failed; null otherwise. */
  reason: z.string().nullable(),
  address: AddressSchema.nullable(),
  transactionHash: HashSchema.nullable(),
  blockNumber: z.int().nullable(),
  /** How the code on the chain agrees with the sources; null where there are none, or it is not deployed. */
  verification: VerificationSchema.nullable(),
  createdAt: TimestampSchema,
};

/** A contract as lists show it. */
export const ContractSummarySchema = z.object(summary).meta({ id: 'ContractSummary' });
export type ContractSummary = z.infer<typeof ContractSummarySchema>;

export const ContractSchema = z
  .object({
    ...summary,
    abi: AbiSchema,
    /** What it was compiled from; null where bytecode was given. */
    source: z.object({ compiler: z.string(), contract: z.string(), sources: SourcesSchema, settings: z.looseObject({}) }).nullable(),
  })
  .meta({ id: 'Contract' });
export type ContractView = z.infer<typeof ContractSchema>;

/** `?address=…` beside the page of GET /v1/chains/{id}/contracts. */
export const ContractQuerySchema = PageQuerySchema.extend({ address: AddressSchema.optional() });
export type ContractQuery = z.infer<typeof ContractQuerySchema>;

/** Signed by the caller as it stands: type 2, no fees. */
export const UnsignedTransactionSchema = z
  .object({
    type: z.literal('0x2'),
    chainId: z.string(),
    to: z.null(),
    data: HexDataSchema,
    value: z.literal('0x0'),
    gas: z.string(),
    maxFeePerGas: z.literal('0x0'),
    maxPriorityFeePerGas: z.literal('0x0'),
    /** Of `from`; null where none was given. */
    nonce: z.string().nullable(),
  })
  .meta({ id: 'UnsignedTransaction' });
export type UnsignedTransaction = z.infer<typeof UnsignedTransactionSchema>;

/** 201 of POST /v1/chains/{id}/contracts. */
export const PreparedContractSchema = z
  .object({ contract: ContractSchema, transaction: UnsignedTransactionSchema, warnings: z.array(z.string()) })
  .meta({ id: 'PreparedContract' });
export type PreparedContractView = z.infer<typeof PreparedContractSchema>;

/** POST /v1/chains/{id}/contracts/{contractId}/deployment. */
export const DeployContractRequestSchema = z.strictObject({ signedTransaction: HexDataSchema }).meta({ id: 'DeployContractRequest' });
export type DeployContractRequest = z.infer<typeof DeployContractRequestSchema>;

/** POST /v1/chains/{id}/contract-verifications: sources for code that stands on the chain already. */
export const VerifyContractRequestSchema = z
  .strictObject({ address: AddressSchema, name: NameSchema.optional(), source: CompileRequestSchema })
  .meta({ id: 'VerifyContractRequest' });
export type VerifyContractRequest = z.infer<typeof VerifyContractRequestSchema>;
