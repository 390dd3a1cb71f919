interface Report {
  readonly userLimits: { readonly open_files: { readonly soft: number | string } }
}

/**
 * How many files, pipes and sockets this process may have open at once. Infinity: as many as the system has. Node
 * raises it to the hard limit as it starts.
 */
export function descriptorLimit (): number {
  // It would otherwise look up the name of each peer.
  const report = Object.assign(process.report, { excludeNetwork: true })
  const { userLimits } = report.getReport() as unknown as Report
  const { soft } = userLimits.open_files
  return typeof soft === 'number' ? soft : Infinity
}
