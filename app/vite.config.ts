import { paraglideVitePlugin } from '@inlang/paraglide-js';
import adapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vite';
import { firstLoad } from './first-load.ts';

/** Where `vite dev` sends API calls: a server started with `npm start`. */
const api = process.env.API ?? 'http://127.0.0.1:8787';

export default defineConfig({
  plugins: [
    tailwindcss(),
    paraglideVitePlugin({
      project: './project.inlang',
      outdir: './src/lib/paraglide',
      strategy: ['localStorage', 'preferredLanguage', 'baseLocale'],
      // As `npm run messages` makes them: in development the default would be another layout of the same folder.
      outputStructure: 'message-modules',
    }),
    sveltekit({
      adapter: adapter({
        pages: 'build',
        assets: 'build',
        fallback: 'index.html',
        precompress: false,
        strict: true,
      }),
    }),
  ],
  environments: {
    client: {
      build: {
        rolldownOptions: {
          // A page's own file may export what the shared one needs of it.
          preserveEntrySignatures: 'allow-extension',
          output: { codeSplitting: { groups: [firstLoad(import.meta.dirname)] } },
        },
      },
    },
  },
  // Kit's own cookie is not the one hoisted to the top of the tree (socket.io brings an older, CommonJS
  // one), so the build-time renderer must carry its copy.
  ssr: { noExternal: ['cookie'] },
  server: {
    host: '127.0.0.1',
    port: Number(process.env.PORT ?? 5173),
    strictPort: true,
    proxy: { '/api': { target: api, ws: true } },
  },
});
