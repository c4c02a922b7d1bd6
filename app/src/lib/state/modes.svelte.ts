import { MediaQuery } from 'svelte/reactivity';

/** Room for the call card beside the list; below it the card lies over the page. */
export const wide = new MediaQuery('min-width: 76rem', true);
/** Room for the sidebar. */
export const roomy = new MediaQuery('min-width: 56rem', true);
/** Room for a list and what is opened from it. */
export const roomForTwo = new MediaQuery('min-width: 48rem', true);
