/** Places that all tenants share, of which none takes more than its part. */
export class TenantPlaces {
  private readonly taken = new Map<string, number>();

  constructor(readonly mostPerTenant: number) {}

  /** How many this tenant has taken. */
  heldBy(tenantId: string): number {
    return this.taken.get(tenantId) ?? 0;
  }

  /**
   * @param places how many of them: one, or the bytes where bytes are shared
   * @returns what gives the place back, once however often it is called; null where the tenant has all that it may
   */
  take(tenantId: string, places = 1): (() => void) | null {
    const held = this.heldBy(tenantId);
    if (held + places > this.mostPerTenant) return null;
    this.taken.set(tenantId, held + places);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const left = this.heldBy(tenantId) - places;
      if (left <= 0) this.taken.delete(tenantId);
      else this.taken.set(tenantId, left);
    };
  }
}
