import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { root } from '../../../scripts/lib/root.ts';

/** Where Debian's package puts it; scripts/install-system-packages.sh installs it. CHROMIUM names another one. */
const executablePath = process.env.CHROMIUM || '/usr/bin/chromium';

/** Nothing of the browser's own may reach the network, and no sandbox or GPU is to be had in a container. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Screenshots of the tests, kept out of git. */
export const artifacts = join(root, 'test/artifacts');

/** A browser with an empty profile of its own. */
export interface TestBrowser {
  context: BrowserContext;
  /** Messages of the console that are errors, and exceptions nobody caught, of all pages so far. */
  problems: string[];
  newPage: () => Promise<Page>;
  close: () => Promise<void>;
}

/** Starts Chromium. @param options of the context, e.g. `{ locale: 'ru', colorScheme: 'dark' }` */
export async function launchBrowser(
  options: {
    locale?: string;
    colorScheme?: 'light' | 'dark';
    viewport?: { width: number; height: number };
  } = {},
): Promise<TestBrowser> {
  if (!existsSync(executablePath))
    throw new Error(`${executablePath} is not there: npm run test:full installs it`);
  mkdirSync(artifacts, { recursive: true });
  const profile = mkdtempSync(join(tmpdir(), 'trunkline-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: FLAGS,
    locale: 'en',
    viewport: { width: 1280, height: 800 },
    ...options,
  });
  const problems: string[] = [];
  context.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  context.on('weberror', (error) => problems.push(String(error.error())));
  return {
    context,
    problems,
    newPage: () => context.newPage(),
    close: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
