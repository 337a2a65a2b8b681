/** How column types that `pg` hands over as text become numbers: all of them stay below 2^53 by a check constraint. */
export const safeInteger = {
  from: (value: string | null): number | null => (value === null ? null : Number(value)),
  to: (value: number | null): number | null => value,
};
