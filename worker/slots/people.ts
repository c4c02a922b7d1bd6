export { people, type NameOf } from '../db/people';
