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
      summary: 'Get the configuration in force and the origin of each value',
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
      'Changes only the given keys. Takes effect immediately and persists across restarts. If one key is invalid, nothing is changed.',
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
    return `"${key}" cannot be changed while the service runs: set ${option.variable} in its environment and restart it`
  }
  return `"${key}" is not a configuration key; the keys are ${Object.keys(settingsSchema.shape).join(', ')}`
}
