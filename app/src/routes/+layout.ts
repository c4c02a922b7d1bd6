// A single-page app: the Worker serves one index.html and everything else happens in the browser.
export const ssr = false;
export const prerender = false;
