import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { configDefaults, defineConfig } from 'vitest/config';
import { newSecrets } from './scripts/start/secrets.ts';

// The assets binding wants its directory even where a test never asks for a file of the app.
mkdirSync(join(import.meta.dirname, 'app/build'), { recursive: true });

/** What a real server, peer or browser is waited for: one second is little on a busy machine. */
const PATIENT = { timeout: 10_000 };
const workerd = ['test/worker/**/*.test.ts', '{objects,worker}/**/*.workerd.test.ts'];

export default defineConfig({
  test: {
    reporters: ['default', './test/refusals/reporter.ts'],
    projects: [
      {
        // The app's state is written in runes, which only the compiler understands.
        plugins: [svelte({ configFile: false })],
        test: {
          name: 'unit',
          // Cheapest first, and a real server never beside other tests: its own load is enough for two cores.
          sequence: { groupOrder: 1 },
          environment: 'node',
          include: [
            '{worker,objects,scripts,bridge,providers}/**/*.test.ts',
            'test/sim/**/*.test.ts',
            'app/src/**/*.test.ts',
          ],
          exclude: [...configDefaults.exclude, ...workerd],
        },
      },
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: './wrangler.toml' },
            remoteBindings: false,
            miniflare: {
              bindings: {
                ...newSecrets(),
                FRONT_TOKEN: 'front-of-the-tests',
                TEST_MIGRATIONS: await readD1Migrations('./migrations'),
              },
            },
          })),
        ],
        test: {
          name: 'worker',
          sequence: { groupOrder: 2 },
          include: workerd,
          setupFiles: ['./test/worker/setup.ts'],
          // The plugin keeps a line that an object logs until the next message to vitest; where that line is the last of
          // a file, vitest waits for its receipt and the run stops there without a word.
          disableConsoleIntercept: true,
          testTimeout: 60_000,
          hookTimeout: 30_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'integration',
          sequence: { groupOrder: 3 },
          expect: { poll: PATIENT },
          environment: 'node',
          include: ['test/integration/**/*.test.ts'],
          setupFiles: ['./test/refusals/setup.ts'],
          globalSetup: ['./test/integration/support/prepare.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // Each file starts a server of its own and mostly waits for holds to end: two at once suit two cores.
          maxWorkers: 2,
        },
      },
      {
        test: {
          // Real Asterisk, sshd, adb and adbd; installed by test/peers/telephony.sh.
          name: 'peers',
          sequence: { groupOrder: 4 },
          expect: { poll: PATIENT },
          environment: 'node',
          include: ['test/peers/**/*.test.ts'],
          globalSetup: ['./test/integration/support/prepare.ts', './test/peers/support/setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'browser',
          sequence: { groupOrder: 5 },
          expect: { poll: PATIENT },
          environment: 'node',
          include: ['test/browser/**/*.test.ts'],
          globalSetup: ['./test/integration/support/prepare.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
