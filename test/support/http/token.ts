import { Secret } from '../../../src/core/secret.ts'
import type { Role } from '../../../src/http/roles.ts'
import { signToken } from '../../../src/http/tokens.ts'
import { SECRET } from '../processes/service.ts'

export function tokenFor (role: Role, subject = 'tests'): string {
  return signToken({ secret: new Secret(SECRET), id: 'one', subject, role, expiresInSeconds: 3600, now: new Date() })
}
