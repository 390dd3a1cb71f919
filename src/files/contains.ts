/** Whether the path is the directory, or in it. Both are spelled in the same way, such as by `realPath`. */
export function contains (directory: string, path: string): boolean {
  return path === directory || path.startsWith(directory.endsWith('/') ? directory : `${directory}/`)
}
