export { people, type NameOf, type PersonView } from '../db/people';
