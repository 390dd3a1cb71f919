import type { AuditEntry, AuditLog, NewAuditEntry } from '../../../src/core/catalog/audit.ts'

/** The audit log in memory: for the API without a catalog. */
export class MemoryAudit implements Pick<AuditLog, 'record' | 'list'> {
  readonly entries: AuditEntry[] = []

  async record (entry: NewAuditEntry): Promise<AuditEntry> {
    const kept = { times: 1, ...entry, id: this.entries.length + 1 }
    this.entries.push(kept)
    return kept
  }

  async list (): Promise<{ entries: AuditEntry[], next: null }> {
    return { entries: this.entries.toReversed(), next: null }
  }
}
