/** Shapes that several resources share. JSON fields are camelCase; big integers travel as decimal strings. */
import { getAddress } from 'viem/utils';
import { z } from 'zod';

/** Capitals are a checksum (EIP-55), unless all letters are alike. */
function checksumHolds(text: string): boolean {
  const digits = text.slice(2);
  return digits === digits.toLowerCase() || digits === digits.toUpperCase() || getAddress(text.toLowerCase() as `0x${string}`) === text;
}

/** A 20-byte account, `0x` and 40 hex digits; normalised to lowercase, after the checksum in its capitals was checked. */
export const AddressSchema = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, { error: 'must be 0x and 40 hex digits', abort: true })
  .refine(checksumHolds, 'its capitals are no checksum of it (EIP-55): a digit is wrong; if you are sure of it, write it in small letters')
  .overwrite((text) => text.toLowerCase());

/** 32 bytes as `0x` and 64 hex digits, lowercase. */
export const HashSchema = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/, 'must be 0x and 64 hex digits')
  .overwrite((text) => text.toLowerCase());

/** Bytes of any length as `0x…` hex. */
export const HexDataSchema = z.string().regex(/^0x(?:[0-9a-fA-F]{2})*$/, 'must be 0x and whole bytes in hex');

/** A non-negative integer of at most 256 bits as a decimal string. */
export const DecimalSchema = z
  .string()
  .regex(/^(?:0|[1-9][0-9]{0,77})$/, { error: 'must be a decimal integer', abort: true })
  .refine((text) => BigInt(text) < 1n << 256n, 'must fit into 256 bits');

/** What people call a thing: trimmed, one line. */
export const NameSchema = z
  .string()
  .trim()
  .min(1)
  .max(80)
  .regex(/^[^\p{Cc}]*$/u, 'must hold no control characters');

/** Emails compare without case, so they travel in lowercase. */
export const EmailSchema = z.string().trim().toLowerCase().max(254).pipe(z.email());

/** RFC 3339 in UTC with milliseconds. */
export const TimestampSchema = z.iso.datetime();

/** `?cursor=…&limit=…` of every list. */
export const PageQuerySchema = z.object({
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});
export type PageQuery = z.infer<typeof PageQuerySchema>;

/** One page of a list; `nextCursor` is opaque and null on the last page. */
export interface Page<T> {
  data: T[];
  nextCursor: string | null;
  hasMore: boolean;
}

export function pageSchema<T extends z.ZodType>(item: T) {
  return z.object({ data: z.array(item), nextCursor: z.string().nullable(), hasMore: z.boolean() });
}
