/** Loaded into a service before it starts: a signal plants a mistake that no code catches. */
process.on('SIGUSR2', () => {
  void Promise.reject(new Error('a planted rejection'))
})
process.on('SIGHUP', () => {
  throw new Error('a planted exception')
})
