/** What a token may do; each role may do what those before it may. */
export const ROLES = ['viewer', 'operator', 'admin'] as const
export type Role = typeof ROLES[number]
