/** The last words on standard error of a process that took too much memory. */
export const TOO_MUCH_MEMORY = 'holdfast: memory limit of the process exceeded'
