import { MediaQuery } from 'svelte/reactivity';

/** Room for the call card beside the list; below it the card lies over the page. */
export const wide = new MediaQuery('min-width: 76rem', true);
/** Room for the sidebar. */
export const roomy = new MediaQuery('min-width: 56rem', true);
