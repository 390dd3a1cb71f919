import type { SourceKind } from '../../core/ports/source-kind.ts'

/** SQLite databases: a file, which applications have open while it is backed up. */
export const sqlite: SourceKind = {
  name: 'sqlite',
  label: 'SQLite database',
  methods: ['full'],
  loadTools: async context => (await import('./tools.ts')).sqliteTools(context)
}
