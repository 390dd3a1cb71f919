import { randomUUID } from 'node:crypto'
import type { ChainLink } from '../../core/backup/chain-link.ts'
import { setDetailsOf, type Member, type Reference } from '../../core/backup/members.ts'
import type { Compression } from '../../core/ports/codec.ts'
import { BackupError, toBackupError } from '../../core/errors.ts'
import type { PartOutline, PartStream } from '../../core/ports/part.ts'
import type {
  JsonValue,
  Outcome,
  Parent,
  Probe,
  Snapshot,
  SnapshotFacts,
  SnapshotRequest,
  Source
} from '../../core/ports/source.ts'
import type { ResolvedSet } from './fields.ts'
import { requireKindOf, type KindNamed } from './kinds.ts'
import { partNames, type PartNames } from './part-names.ts'

/** How often a snapshot that waits for those before it is kept from running out of time. Milliseconds. */
const EXTEND_EVERY = 20_000

interface Part {
  readonly source: Source
  readonly names: PartNames
}

/**
 * Several sources as one: one backup has the parts of all of them. The views of databases are opened first, and all
 * together, and directories are read after them: an application that writes a file before the row that names it, and
 * removes the row before the file, then has every file that a row of the backup names. `members` are in the order of
 * the configuration; where it gives no order of reading, databases come before directories.
 */
export function setSource (
  name: string,
  { members, isOrdered, references }: ResolvedSet,
  kindNamed: KindNamed
): Source {
  let found: readonly Part[] | undefined
  // The kinds of the members are loaded together with this one, and known only after that.
  const parts = (): readonly Part[] => {
    if (found !== undefined) return found
    const kinded = members.map(member => ({ member, kind: requireKindOf(kindNamed, member.kind) }))
    const isDirectory = ({ kind }: typeof kinded[number]): boolean => kind.tree !== null
    const ordered = isOrdered
      ? kinded
      : [...kinded.filter(one => !isDirectory(one)), ...kinded.filter(isDirectory)]
    const names = partNames(ordered.map(({ member }) => member.name))
    found = ordered.map(({ member, kind }, index) => ({
      source: kind.source(member.name, member.values),
      names: names[index] ?? partNames([member.name])[0]
    }))
    return found
  }
  return {
    name,
    kind: 'set',
    location: members.map(member => member.name).join(', '),

    outline (compression) {
      const [first, ...others] = parts().flatMap(({ source, names }) =>
        source.outline(compression).map((part): PartOutline => ({ ...part, name: names(part.name) }))
      )
      if (first === undefined) throw new BackupError('INTERNAL', `the set "${name}" has no members`)
      return [first, ...others]
    },

    probe: async (request, signal) => await probeAll(name, parts(), request, signal),

    async obstacle (parent, signal) {
      const known = membersOf(parent)
      const wanted = parts().map(({ source }) => source)
      if (known === null || known.length !== wanted.length || !wanted.every(source => isIn(known, source))) {
        return 'the newest backup has other members'
      }
      const reasons = await Promise.all(parts().map(({ source }) => obstacleOf(source, known, parent, signal)))
      return reasons.every(reason => reason !== null)
        ? reasons.find(reason => reason !== NO_INCREMENTS) ?? NO_INCREMENTS
        : null
    },

    async snapshot (request, signal) {
      const opened: OpenedMember[] = []
      try {
        for (const part of parts()) {
          opened.push(await openMember(part, request, signal))
        }
        return new SetSnapshot(opened, references, linkOf(request))
      } catch (error) {
        for (const { snapshot } of opened) await snapshot.close()
        throw error
      }
    }
  }
}

const NO_INCREMENTS = 'no member of the set supports incremental backups'

/** Throws `SOURCE_MISSING` where no member is there, `SOURCE_INCOMPLETE` where only some are. */
async function probeAll (
  set: string,
  parts: readonly Part[],
  { compression }: SnapshotRequest,
  signal: AbortSignal
): Promise<Probe> {
  const missing: BackupError[] = []
  const probes: Probe[] = []
  for (const { source } of parts) {
    try {
      probes.push(await source.probe({ compression, method: 'full', parent: null }, signal))
    } catch (thrown) {
      signal.throwIfAborted()
      const error = toBackupError(thrown)
      if (error.code !== 'SOURCE_MISSING') throw ofMember(set, source.name, error)
      missing.push(ofMember(set, source.name, error))
    }
  }
  const [first] = missing
  if (first !== undefined) {
    if (probes.length === 0) throw first
    throw new BackupError('SOURCE_INCOMPLETE', first.message, {
      hint: 'Correct the path of the member, restore it, or remove it from the set.',
      cause: first
    })
  }
  return {
    size: probes.reduce<number | null>((sum, { size }) => sum === null || size === null ? null : sum + size, 0),
    scratch: probes.reduce((sum, { scratch }) => sum + scratch, 0)
  }
}

function ofMember (set: string, member: string, { code, message, hint, details }: BackupError): BackupError {
  return new BackupError(code, `the member "${member}" of the set "${set}" cannot be backed up: ${message}`, {
    ...hint !== undefined && { hint },
    ...details !== undefined && { details }
  })
}

/** The members of the backup that an increment is built on; null: it is not one of a set. */
function membersOf (parent: Parent): readonly Member[] | null {
  return setDetailsOf(parent)?.members ?? null
}

function isIn (members: readonly Member[], { name, kind }: Source): boolean {
  return members.some(member => member.name === name && member.kind === kind)
}

/** Why no increment of this member can be made; null: one can. */
async function obstacleOf (
  source: Source,
  known: readonly Member[],
  parent: Parent,
  signal: AbortSignal
): Promise<string | null> {
  const before = known.find(({ name, kind }) => name === source.name && kind === source.kind)
  if (source.obstacle === undefined || before === undefined) return NO_INCREMENTS
  return await source.obstacle(memberParent(before, parent), signal)
}

/** The backup of the set as the parent of one member. */
function memberParent ({ parts, facts, link }: Member, parent: Parent): Parent {
  return { name: parent.name, facts, link, open: (part, signal) => parent.open(parts[part] ?? part, signal) }
}

interface OpenedMember {
  readonly source: Source
  readonly names: PartNames
  readonly compression: Compression
  readonly snapshot: Snapshot
}

/** An increment where this member can make one, otherwise a full backup. */
async function openMember (
  { source, names }: Part,
  request: SnapshotRequest,
  signal: AbortSignal
): Promise<OpenedMember> {
  const { compression, parent } = request
  const known = parent === null ? null : membersOf(parent)
  const before = known?.find(({ name, kind }) => name === source.name && kind === source.kind)
  const isIncrement = parent !== null && known !== null && before !== undefined &&
    await obstacleOf(source, known, parent, signal) === null
  const own: SnapshotRequest = isIncrement
    ? { compression, method: 'incremental', parent: memberParent(before, parent) }
    : { compression, method: 'full', parent: null }
  return { source, names, compression, snapshot: await source.snapshot(own, signal) }
}

/** The chain of a set counts its backups; which of its members are increments, their own links have. */
function linkOf ({ parent }: SnapshotRequest): ChainLink {
  const before = parent?.link ?? null
  const chain = before?.chain ?? randomUUID()
  const depth = before === null ? 0 : before.depth + 1
  const position = depth.toString(16).padStart(16, '0')
  return {
    chain,
    lineage: before?.lineage ?? chain,
    parent: before === null ? null : parent?.name ?? null,
    depth,
    from: position,
    to: position
  }
}

class SetSnapshot implements Snapshot {
  readonly #opened: readonly OpenedMember[]
  readonly #references: readonly Reference[]
  readonly #link: ChainLink
  readonly #patience: NodeJS.Timeout

  constructor (opened: readonly OpenedMember[], references: readonly Reference[], link: ChainLink) {
    this.#opened = opened
    this.#references = references
    this.#link = link
    this.#patience = setInterval(() => {
      this.extend()
    }, EXTEND_EVERY).unref()
  }

  async *parts (): AsyncGenerator<PartStream, void> {
    for (const { names, snapshot } of this.#opened) {
      for await (const part of snapshot.parts()) yield { ...part, name: names(part.name) }
    }
  }

  extend (): void {
    for (const { snapshot } of this.#opened) snapshot.extend?.()
  }

  async outcome (): Promise<Outcome> {
    const members = await Promise.all(this.#opened.map(async ({ source, names, compression, snapshot }) => {
      const { facts, link } = await snapshot.outcome()
      const { name, kind, location } = source
      const parts = Object.fromEntries(source.outline(compression).map(part => [part.name, names(part.name)]))
      return { name, kind, location, parts, facts, link } satisfies Member
    }))
    return {
      facts: factsOf(members, this.#references),
      link: members.some(({ link }) => link !== null) ? this.#link : null
    }
  }

  async close (): Promise<void> {
    clearInterval(this.#patience)
    for (const { snapshot } of this.#opened.toReversed()) await snapshot.close()
  }
}

/** Of all members: their tables, and their other quantities, have the name of the member in front. */
function factsOf (members: readonly Member[], references: readonly Reference[]): SnapshotFacts {
  return {
    engine: [...new Set(members.map(({ facts }) => facts.engine))].join(', '),
    tables: members.flatMap(({ name, facts }) =>
      facts.tables.map(({ name: table, rows }) => ({ name: `${name}.${table}`, rows }))
    ),
    properties: Object.fromEntries(
      members.flatMap(({ name, facts }) =>
        Object.entries(facts.properties).map(([property, value]) => [`${name}.${property}`, value])
      )
    ),
    details: { members: members as unknown as JsonValue, references: references as unknown as JsonValue }
  }
}
