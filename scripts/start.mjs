// `npm start`: see scripts/start/main.ts. Plain JavaScript up to here, so that an old Node gets a sentence and not a
// syntax error.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `trunkline: start with "npm start"; this Node is ${process.version} and 22.18 or newer is needed`,
  );
  process.exit(1);
}
// The tools must neither look anything up on the network nor keep traces of requests.
const quiet = {
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  WRANGLER_NO_SKILLS_UPDATE_PROMPTS: 'true',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  DO_NOT_TRACK: '1',
  X_LOCAL_EXPLORER: 'false',
  X_LOCAL_OBSERVABILITY: 'false',
};
for (const [name, value] of Object.entries(quiet)) process.env[name] ??= value;
const { main } = await import('./start/main.ts');
await main();
