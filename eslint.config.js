import { defineConfig } from 'eslint/config'
import neostandard from 'neostandard'
import tseslint from 'typescript-eslint'
import { boundaries } from './lint/boundaries.js'

const NOW = 'The time comes from a Clock: take one, or take "now" as an argument.'
const PIPE = {
  selector: "CallExpression[callee.property.name='pipe']",
  message: '.pipe() loses errors: use pipeline from node:stream/promises.'
}
const ENVIRONMENT = 'The environment is read in src/config/ alone: take what is needed as an argument.'
const DOORS = [
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: NOW },
  { selector: "CallExpression[callee.name='Date']", message: NOW },
  { selector: "MemberExpression[object.name='Date'][property.name='now']", message: NOW }
]
const PROCESS_ENV = [
  { selector: "MemberExpression[object.name='process'][property.name='env']", message: ENVIRONMENT },
  { selector: "MemberExpression[object.name='process'][property.value='env']", message: ENVIRONMENT },
  { selector: "VariableDeclarator[init.name='process'] > ObjectPattern", message: ENVIRONMENT },
  { selector: "ImportDeclaration[source.value='node:process']", message: ENVIRONMENT }
]

export default defineConfig(
  { ignores: ['node_modules/', 'dist/', 'coverage/', 'data/', 'backups/', 'public/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  neostandard({ ts: true }),
  {
    // Where the formatter has its own way.
    rules: {
      '@stylistic/block-spacing': 'off',
      '@stylistic/generator-star-spacing': ['error', {
        before: false,
        after: true,
        method: { before: true, after: false }
      }],
      '@stylistic/indent': 'off',
      '@stylistic/multiline-ternary': 'off',
      '@stylistic/semi-spacing': 'off',
      '@stylistic/yield-star-spacing': ['error', 'after']
    }
  },
  {
    rules: {
      '@stylistic/max-len': [
        'error',
        { code: 120, ignoreStrings: true, ignoreTemplateLiterals: true, ignoreRegExpLiterals: true, ignoreUrls: true }
      ],
      'max-lines': ['error', { max: 420, skipBlankLines: true, skipComments: true }],
      'no-restricted-syntax': ['error', PIPE],
      // As a statement it says that a promise is left to itself on purpose.
      'no-void': ['error', { allowAsStatement: true }]
    }
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', {
        fixStyle: 'inline-type-imports',
        disallowTypeAnnotations: false
      }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-floating-promises': ['error', {
        allowForKnownSafeCalls: [{
          from: 'package',
          package: 'node:test',
          name: ['test', 'it', 'describe', 'suite', 'before', 'after', 'beforeEach', 'afterEach']
        }]
      }],
      // A number in a message is as plain as a text.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // A method that a contract makes asynchronous rejects rather than throws, whether it waits for something or not.
      '@typescript-eslint/require-await': 'off',
      // A reason of an abort is passed on as it came.
      '@typescript-eslint/only-throw-error': ['error', {
        allowThrowingAny: true,
        allowThrowingUnknown: true,
        allowRethrowing: true
      }],
      '@typescript-eslint/prefer-promise-reject-errors': ['error', {
        allowThrowingAny: true,
        allowThrowingUnknown: true
      }],
      // Written out, a default still says what a thing is.
      '@typescript-eslint/no-unnecessary-type-arguments': 'off',
      // A type parameter that is named once still says what a call gives.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off'
    }
  },
  {
    files: ['src/**/*.ts'],
    plugins: { holdfast: { rules: { boundaries } } },
    rules: {
      'holdfast/boundaries': 'error',
      'no-console': 'error',
      'no-restricted-syntax': ['error', PIPE, ...DOORS, ...PROCESS_ENV]
    }
  },
  { files: ['src/core/clock.ts'], rules: { 'no-restricted-syntax': ['error', PIPE, ...PROCESS_ENV] } },
  { files: ['src/config/**/*.ts'], rules: { 'no-restricted-syntax': ['error', PIPE, ...DOORS] } },
  {
    // A test looks at what came back whatever its type, and may be sure of what it has just put there.
    files: ['test/**/*.ts', 'bench/**/*.ts', 'scripts/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/only-throw-error': 'off',
      // What the tests take apart are plain objects of functions.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-explicit-any': 'off'
    }
  }
)
