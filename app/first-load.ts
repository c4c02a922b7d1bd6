/** What everybody needs before the first page can be used: the frame around all pages, and the workspace. */
const PAGES = ['/src/routes/+layout.svelte', '/src/routes/(workspace)/+page.svelte'];

/**
 * Kit hands the page's own data over before it loads anything else: what is in one file with the place it puts them would
 * read them too early (and find no version, so that every wrong address would look like a new deployment). The helper that
 * loads files goes with it.
 */
const FIRST_OF_ALL = /runtime\/client\/(payload|entry)\.js|vite\/preload-helper/;

interface Graph {
  getModuleInfo(id: string): { importedIds: readonly string[] } | null;
}

/**
 * A group of the bundler's for what the first page shares with others. Left alone it becomes a file for each module,
 * a hundred of them, and each costs a request and its own dictionary of compression.
 */
export function firstLoad(root: string) {
  let known: Set<string> | null = null;

  /** Everything those pages import, at any distance. */
  function reached(graph: Graph): Set<string> {
    const found = new Set<string>();
    const queue = PAGES.map((page) => root + page);
    for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
      // The index of messages imports all there are; the few that are used go where they are used.
      if (found.has(id) || id.includes('/paraglide/messages')) continue;
      found.add(id);
      queue.push(...(graph.getModuleInfo(id)?.importedIds ?? []));
    }
    return found;
  }

  return {
    name: (id: string, graph: Graph): string | null => {
      known ??= reached(graph);
      return known.has(id) && !FIRST_OF_ALL.test(id) ? 'first' : null;
    },
    minShareCount: 2,
    includeDependenciesRecursively: false,
  };
}
