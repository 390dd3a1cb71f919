import { settingsSchema } from '../../core/schedule/settings.ts'
import type { SettingsVerbs } from '../../engine/live-settings.ts'
import { presentConfig, type FixedOption } from '../../present/config.ts'
import { route, type App } from '../route.ts'
import { configAnswer, configBody, configMessageAnswer } from '../schemas/config.ts'

export function configRoutes (
  app: App,
  { engine, fixed }: { readonly engine: SettingsVerbs, readonly fixed: readonly FixedOption[] }
): void {
  app.get(
    '/api/backups/config',
    route('viewer', {
      operationId: 'getConfig',
      tag: 'configuration',
      summary: 'The configuration in force, and where each value came from',
      answers: { 200: configAnswer }
    }),
    () => ({ success: true, config: presentConfig(engine.settings(), fixed) })
  )

  const options = route('admin', {
    operationId: 'updateConfig',
    tag: 'configuration',
    summary: 'Change the configuration',
    action: 'config change',
    description:
      'Only the keys that are given. Takes effect at once and survives a restart. If one key is wrong, nothing is changed.',
    answers: { 200: configMessageAnswer }
  }, { body: configBody })
  app.put('/api/backups/config', {
    ...options,
    config: { ...options.config, unknownKey: key => refusalOf(key, fixed) }
  }, async ({ body }) => ({
    success: true,
    message: 'Backup configuration updated successfully',
    config: presentConfig(await engine.changeSettings(body), fixed)
  }))
}

function refusalOf (key: string, fixed: readonly FixedOption[]): string {
  const option = fixed.find(known => known.key === key)
  if (option !== undefined) {
    return `"${key}" cannot be changed while the service runs: set ${option.variable} in its environment and start it again`
  }
  return `"${key}" is not a key of the configuration; the keys are ${Object.keys(settingsSchema.shape).join(', ')}`
}
