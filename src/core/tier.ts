export const TIERS = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const

export type Tier = typeof TIERS[number]
