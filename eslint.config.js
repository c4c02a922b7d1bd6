// Svelte components only: everything else is linted by oxlint, which knows types and is many times faster.
import svelte from 'eslint-plugin-svelte';
import svelteParser from 'svelte-eslint-parser';
import { parser as typescriptParser } from 'typescript-eslint';

export default [
  { ignores: ['**/*', '!app/', '!app/src/', '!app/src/**/', '!app/src/**/*.svelte'] },
  ...svelte.configs['flat/recommended'],
  {
    files: ['app/src/**/*.svelte'],
    languageOptions: {
      parser: svelteParser,
      parserOptions: { parser: typescriptParser, extraFileExtensions: ['.svelte'] },
    },
    rules: {
      'no-console': 'error',
      'no-var': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'max-lines': ['error', { max: 300, skipBlankLines: true }],
      'prefer-const': 'off',
      'svelte/prefer-const': 'error',
      // The app is always served from the root of its host.
      'svelte/no-navigation-without-resolve': 'off',
      'svelte/button-has-type': 'error',
      'svelte/no-at-html-tags': 'error',
      'svelte/no-target-blank': 'error',
      'svelte/require-each-key': 'error',
    },
  },
];
