import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { systemCode } from '../core/errors.ts'
import { misreading } from './misread.ts'
import type { Problem } from './problem.ts'
import type { RawValue } from './raw-value.ts'

/**
 * A secret is given either as itself or as the path of a file that holds it; both in one place is a problem. The
 * byte order mark and the line end that editors leave in a file are not part of the secret.
 */
export function readSecret (
  direct: RawValue | undefined,
  file: RawValue | undefined,
  problems: Problem[]
): RawValue | undefined {
  if (file === undefined) return direct
  if (direct !== undefined) {
    problems.push({ name: direct.name, problem: `is set in addition to ${file.name}`, remedy: 'Keep one of the two.' })
    return undefined
  }
  if (typeof file.value !== 'string') {
    problems.push({
      name: file.name,
      problem: 'is not the path of a file',
      remedy: 'Give the path of a file with the secret.'
    })
    return undefined
  }
  const misread = misreading(file, 'path')
  if (misread !== undefined) {
    problems.push({ name: file.name, ...misread })
    return undefined
  }
  const path = resolve(file.base, file.value)
  try {
    const value = readFileSync(path, 'utf8').replace(/^\uFEFF/, '').replace(/[\r\n]+$/, '')
    if (value !== '') return { ...file, value, file: path }
    problems.push({ name: file.name, problem: `"${path}" is empty`, remedy: 'Write the secret into that file.' })
  } catch (error) {
    problems.push({
      name: file.name,
      problem: `"${path}" cannot be read (${systemCode(error) ?? 'unknown'})`,
      remedy: 'Give the path of a readable file with the secret.'
    })
  }
  return undefined
}
