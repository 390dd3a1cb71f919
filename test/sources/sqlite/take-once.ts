import { sourceOf, take } from './support.ts'

/** Takes one snapshot of argv[2] in the directory argv[3], and prints the code of its failure, or `ok`. */
const [path = '', directory = ''] = process.argv.slice(2)
try {
  await take(sourceOf(path, directory), directory)
  console.log('ok')
} catch (error) {
  console.log((error as { code?: string }).code)
}
