/** Places that all tenants share, of which none takes more than its part. */
export class TenantPlaces {
  private readonly taken = new Map<string, number>();

  constructor(readonly mostPerTenant: number) {}

  /** @returns what gives the place back, once however often it is called; null where the tenant has all that it may. */
  take(tenantId: string): (() => void) | null {
    const held = this.taken.get(tenantId) ?? 0;
    if (held >= this.mostPerTenant) return null;
    this.taken.set(tenantId, held + 1);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const left = (this.taken.get(tenantId) ?? 1) - 1;
      if (left === 0) this.taken.delete(tenantId);
      else this.taken.set(tenantId, left);
    };
  }
}
