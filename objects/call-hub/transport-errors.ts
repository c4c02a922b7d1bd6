export { isTransportError } from '../lib/transport-errors';
