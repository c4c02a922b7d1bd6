export { State } from '../lib/state';
